import { custom } from '../configuration/option.js'
import { applyPlan } from '../mapping/index.js'
import type { AccessStore } from './access-store.js'
import type { AccessTarget, UserStore } from './user-store.js'

/** The part of a user store that reaches the target behind it. */
export type StoreTarget = AccessTarget & Pick<UserStore, 'setPassword'>

/** A target, as an option of the bundled adapters. */
export const storeTarget = custom<StoreTarget>(
  'an object with the methods deprovision and applyAccess',
  (value) => {
    const target = value as Partial<StoreTarget> | null
    return [target?.deprovision, target?.applyAccess].every((each) => typeof each === 'function')
  },
)

/** Ends access that is only recorded: nothing outside has to be called. */
export const endsInLedger: StoreTarget['deprovision'] = async () => {}

/**
 * A target for adapters without a system behind them: grants are only recorded in the ledger.
 * Useful if the host application reads the ledger itself.
 */
export function recordOnlyTarget(access: AccessStore): StoreTarget {
  return {
    accessAttributes: [],
    deprovision: endsInLedger,
    async applyAccess(scope, user, _access, plan) {
      const record = await access.getRecord(scope, user.id)
      return { applied: applyPlan(record?.applied ?? [], plan), deferred: plan.deferred }
    },
  }
}

/** Every member of a target; the compiler tells when one is missing. */
export const targetMembers: Readonly<Record<keyof StoreTarget, true>> = {
  deprovision: true,
  applyAccess: true,
  exemptions: true,
  accessAttributes: true,
  peopleAtOnce: true,
  tenant: true,
  currentAccess: true,
  seats: true,
  setPassword: true,
}

/** The methods of a target, as an object that can be spread into a user store. */
export function targetMethods(target: StoreTarget): StoreTarget {
  return membersOf(target, targetMembers)
}

/**
 * These members of an object, without those that it does not have. Its methods keep their own
 * `this`.
 */
export function membersOf<T extends object, Name extends keyof T>(
  object: T,
  names: Readonly<Record<Name, true>>,
): Pick<T, Name> {
  const found = (Object.keys(names) as Name[]).flatMap((name) => {
    const member: unknown = object[name]
    if (member === undefined) return []
    // That one is recognised by its identity.
    const isBound = typeof member === 'function' && member !== endsInLedger
    return [[name, isBound ? member.bind(object) : member] as const]
  })
  return Object.fromEntries(found) as Pick<T, Name>
}
