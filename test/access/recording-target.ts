import { type Access, applyPlan, type Grant, type Plan } from '../../lib/mapping/index.js'
import type { AccessTarget, DeprovisionReason, Scope, User } from '../../lib/stores/index.js'

/** One call that reached the host. */
export type Call =
  | { readonly kind: 'apply'; readonly user: string; readonly access: Access; readonly plan: Plan }
  | { readonly kind: 'deprovision'; readonly user: string; readonly reason: DeprovisionReason }

/** Runs before each call has an effect; throws or waits to be a host in trouble. */
export type Trouble = (scope: Scope, userName: string) => void | Promise<void>

/** A host that remembers what it was told, and has whatever trouble a test gives it. */
export function recordingTarget() {
  const calls: Call[] = []
  const people = new Map<string, { active: boolean; grants: readonly Grant[] }>()
  let trouble: Trouble = () => {}
  let busy = 0
  let maxBusy = 0
  const overlapping = new Set<string>()
  const working = new Set<string>()

  async function inTrouble<T>(scope: Scope, user: User, effect: () => T): Promise<T> {
    if (working.has(user.id)) overlapping.add(user.userName)
    working.add(user.id)
    busy += 1
    maxBusy = Math.max(maxBusy, busy)
    try {
      await trouble(scope, user.userName)
      return effect()
    } finally {
      busy -= 1
      working.delete(user.id)
    }
  }

  const target: AccessTarget = {
    deprovision: (scope, user, reason) =>
      inTrouble(scope, user, () => {
        calls.push({ kind: 'deprovision', user: user.userName, reason })
        people.set(user.id, { active: false, grants: people.get(user.id)?.grants ?? [] })
      }),
    applyAccess: (scope, user, access, plan) =>
      inTrouble(scope, user, () => {
        calls.push({ kind: 'apply', user: user.userName, access, plan })
        const grants = applyPlan(people.get(user.id)?.grants ?? [], plan)
        people.set(user.id, { active: true, grants })
        return { applied: grants, deferred: plan.deferred }
      }),
    currentAccess: async (_scope, user) => {
      const person = people.get(user.id)
      return person && { applied: person.active ? person.grants : [] }
    },
  }
  return {
    target,
    calls,
    /** By user id. */
    people,
    overlapping,
    maxBusy: () => maxBusy,
    haveTrouble(next: Trouble) {
      trouble = next
    },
  }
}

/** A promise that the test resolves. */
export function aGate() {
  let open: () => void = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}
