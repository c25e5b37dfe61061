import {
  type Access,
  type AccessRecord,
  type AppliedAccess,
  type DeprovisionReason,
  hasSignedIn,
  isEmptyPlan,
  type Plan,
  type Scope,
  type StoreTarget,
  type User,
} from '../../lib/adapter/index.js'
import { exemptionsIn } from './accounts/exemptions.js'
import { manage, noteAccount } from './accounts/links.js'
import type { Edition } from './editions/edition-of.js'
import { translated } from './failures.js'
import type { LabelStudioSettings } from './options.js'
import type { TargetParts } from './target-parts.js'

/** A complete target for a user store. */
export type LabelStudioTarget = Required<StoreTarget>

/**
 * The target for one Label Studio. The edition is detected at the first use; until then, every
 * method that needs Label Studio throws UnavailableError if it cannot be reached.
 */
export function labelStudioTarget(parts: TargetParts, edition: Edition): LabelStudioTarget {
  const { settings } = parts
  const { access } = settings.storage
  return {
    deprovision: (scope: Scope, user: User, reason: DeprovisionReason) =>
      translated(edition().then(({ target }) => target.deprovision(scope, user, reason))),

    applyAccess: (scope: Scope, user: User, wanted: Access, planned: Plan) =>
      apply({ edition, settings }, scope, user, { wanted, planned }),

    accessAttributes: ['name', 'displayName'],

    // Their requests are combined. With more, somebody who is deactivated meanwhile would wait
    // longer for their lease: up to 5 s with 50.
    peopleAtOnce: 32,

    tenant: settings.tenant,

    exemptions: (scope: Scope, users: readonly User[], records?: readonly AccessRecord[]) =>
      exemptionsIn(parts, scope, { users, records }),

    async setPassword(scope: Scope, user: User, password: string) {
      const { target } = await translated(edition())
      return translated(target.setPassword(scope, user, password))
    },

    async seats(scope: Scope) {
      const { target } = await translated(edition())
      return translated(target.seats(scope))
    },

    async currentAccess(scope: Scope, user: User) {
      const { target } = await translated(edition())
      const wanted = await settings.storage.groups.resolveAccess(scope, user)
      const ledger = (await access.getRecord(scope, user.id))?.applied ?? []
      const given = ledger.flatMap((each) => (each.kind === 'project' ? [each.projectId] : []))
      const projectIds = [
        ...new Set([...given, ...wanted.projects.map(({ projectId }) => projectId)]),
      ]
      return translated(target.current(scope, user, { access: wanted, projectIds }))
    },
  }
}

async function apply(
  { edition, settings }: { readonly edition: Edition; readonly settings: LabelStudioSettings },
  scope: Scope,
  user: User,
  { wanted, planned }: { readonly wanted: Access; readonly planned: Plan },
): Promise<AppliedAccess> {
  const { access } = settings.storage
  const record = await access.getRecord(scope, user.id)
  const ledger = record?.applied ?? []
  if (record?.account?.origin === 'imported') {
    if (isEmptyPlan(planned) && planned.deferred.length === 0) {
      return { applied: ledger, notes: ['Not managed through SCIM yet.'] }
    }
    await manage(settings, scope, user)
  }
  const { target } = await translated(edition())
  return translated(
    target.apply(scope, user, wanted, {
      ledger,
      hasSignedIn: () => hasSignedIn(access, scope, user.id),
      note: (entries, account) =>
        noteAccount(settings, scope, user, {
          ledger: entries,
          account,
          givesRole: givesRole(wanted),
        }),
    }),
  )
}

/** Whether a rule gives an organization role. */
function givesRole({ reasons }: Access): boolean {
  return reasons.some(({ grant }) => grant.kind === 'role')
}
