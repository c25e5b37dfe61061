import type { Access, Grant, Plan } from './types.js'

export interface PlanOptions {
  readonly hasSignedIn?: boolean
}

/**
 * The difference between what was granted before and what is desired now.
 *
 * A grant supersedes the one in the same place (the organization role, or a project). Revocations
 * only name grants in `ledger`, so nothing that was granted by hand in the host is revoked. If the
 * organization role is Not Activated, workspaces and projects are deferred until the person has
 * signed in. A role of `null` leaves the organization role as it is.
 *
 * @param ledger the grants applied before that are in force
 * @param access the desired access of an active person; for an inactive one the plan is empty: the
 *   ledger is kept, so that reactivation restores the access
 */
export function plan(
  ledger: readonly Grant[],
  access: Access,
  { hasSignedIn = false }: PlanOptions = {},
): Plan {
  if (!access.active) return { grants: [], revocations: [], deferred: [] }
  const role: readonly Grant[] = access.role === null ? [] : [{ kind: 'role', role: access.role }]
  const memberships = membershipsOf(access)
  const waiting = access.role === 'Not Activated' && !hasSignedIn
  const desired = waiting ? role : [...role, ...memberships]
  const before = byPlace(ledger)
  const now = byPlace(desired)
  return {
    grants: desired.filter((grant) => !isSame(before.get(placeOf(grant)), grant)),
    revocations: ledger.filter((grant) => grant.kind !== 'role' && !now.has(placeOf(grant))),
    deferred: waiting ? memberships : [],
  }
}

/** The ledger after a plan was carried out in full. */
export function applyPlan(
  ledger: readonly Grant[],
  { grants, revocations }: Plan,
): readonly Grant[] {
  const places = byPlace(ledger)
  for (const grant of revocations) places.delete(placeOf(grant))
  for (const grant of grants) places.set(placeOf(grant), grant)
  return [...places.values()]
}

/** Whether a plan does nothing. */
export function isEmptyPlan(planned: Plan): boolean {
  return planned.grants.length === 0 && planned.revocations.length === 0
}

/** The memberships that an access gives, as grants. */
export function membershipsOf(access: Pick<Access, 'workspaces' | 'projects'>): readonly Grant[] {
  return [
    ...access.workspaces.map((title) => ({ kind: 'workspace', title }) as const),
    ...access.projects.map(
      ({ projectId, role }) => ({ kind: 'project', projectId, role }) as const,
    ),
  ]
}

/** Everything that an access gives, as grants: the ledger once all of it is in force. */
export function grantsOf(
  access: Pick<Access, 'role' | 'workspaces' | 'projects'>,
): readonly Grant[] {
  const { role } = access
  return [...(role === null ? [] : [{ kind: 'role', role } as const]), ...membershipsOf(access)]
}

/** The place where a grant applies: two grants in the same place exclude each other. */
export function placeOf(grant: Grant): string {
  if (grant.kind === 'role') return 'role'
  if (grant.kind === 'workspace') return `workspace ${grant.title}`
  return `project ${grant.projectId}`
}

/** A grant in words, e.g. `Reviewer in project 7`. */
export function describeGrant(grant: Grant): string {
  if (grant.kind === 'role') return `organization role ${grant.role}`
  if (grant.kind === 'workspace') return `workspace "${grant.title}"`
  return `${grant.role} in project ${grant.projectId}`
}

function byPlace(grants: readonly Grant[]): Map<string, Grant> {
  return new Map(grants.map((grant) => [placeOf(grant), grant]))
}

function isSame(a: Grant | undefined, b: Grant): boolean {
  if (a?.unconfirmed) return false
  if (a?.kind === 'role' && b.kind === 'role') return a.role === b.role
  if (a?.kind === 'project' && b.kind === 'project') return a.role === b.role
  return a?.kind === b.kind
}
