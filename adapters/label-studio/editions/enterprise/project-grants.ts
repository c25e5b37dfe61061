import { type Grant, stopwatch } from '../../../../lib/adapter/index.js'
import type { LabelStudioApi, ProjectRole, ProjectRoleCode } from '../../api/index.js'
import { orUndefined } from '../../api/users.js'
import { explained } from './manual-flags.js'
import { type Holder, type Impossible, missing, type Prepared } from './prepared-grant.js'

type ProjectGrant = Extract<Grant, { kind: 'project' }>

/** A person's current standing in a project. */
interface ProjectStanding {
  readonly isMember: boolean
  /** Their project roles: none with Inherit, else one. */
  readonly roles: readonly ProjectRole[]
}

/**
 * Grants and revokes project memberships and project roles; Inherit is membership without a project
 * role.
 */
export function projectGrants(api: LabelStudioApi) {
  const changing = <T>(work: () => Promise<T>) => explained(api, 'project', work)
  const isThere = recentlyThere(api)
  const standing = async (projectId: number, holder: Holder) => {
    if (!holder.isNew) return standingIn(api, projectId, holder)
    return (await isThere(projectId, holder.signal)) ? noStanding : undefined
  }

  return {
    async prepare(grant: ProjectGrant, holder: Holder): Promise<Prepared | Impossible> {
      const { accountId, had, signal } = holder
      const { projectId } = grant
      const before = await standing(projectId, holder)
      if (!before) return missing(`project ${projectId}`, grant)
      const entry = entryFor(grant, had, before)
      const give = () => giveIn(api, grant, { accountId, signal, before })
      return { grant, entry, give: entry ? () => changing(give) : async () => 'given' }
    },

    async revoke(grant: ProjectGrant, accountId: number, signal: AbortSignal): Promise<void> {
      const { projectId } = grant
      const standing = await standingIn(api, projectId, { accountId, signal })
      if (!standing || isChangedByHand(grant, standing.roles)) return
      await changing(async () => {
        await take(api, standing.roles, signal)
        if (!grant.onlyRole) await api.projects.removeMember(projectId, accountId, signal)
      })
    },

    async current(
      accountId: number,
      projectIds: readonly number[],
      signal: AbortSignal,
    ): Promise<readonly Grant[]> {
      const there: Grant[] = []
      for (const projectId of projectIds) {
        const standing = await standingIn(api, projectId, { accountId, signal })
        if (!standing?.isMember) continue
        const role = toProjectRoleName(standing.roles[0])
        there.push({ kind: 'project', projectId, role })
      }
      return there
    },
  }
}

const noStanding: ProjectStanding = { isMember: false, roles: [] }
const recentMs = 20_000

/** Whether a project exists; one that did some seconds ago is not requested again. */
function recentlyThere(api: LabelStudioApi) {
  const seen = new Map<number, () => number>()
  return async (projectId: number, signal: AbortSignal): Promise<boolean> => {
    const age = seen.get(projectId)
    if (age && age() < recentMs) return true
    const isThere = (await api.projects.get(projectId, signal)) !== undefined
    if (isThere) seen.set(projectId, stopwatch())
    return isThere
  }
}

type Whose = Pick<Holder, 'accountId' | 'signal'>

/**
 * `undefined`: there is no such project. Project roles can only be listed for the whole project, so
 * that is done only if the person has one, or if this version does not say.
 */
async function standingIn(
  api: LabelStudioApi,
  projectId: number,
  { accountId, signal }: Whose,
): Promise<ProjectStanding | undefined> {
  const read = api.projects.member(projectId, accountId, signal)
  const answer = await orUndefined(read.then((found) => ({ found })))
  if (!answer) return undefined
  const member = answer.found
  const isMember = member !== undefined && !member.implicit
  if (!member || member.role === null) return { isMember, roles: [] }
  const roles = await api.projects.roles(projectId, signal)
  return { isMember, roles: roles.filter(({ userId }) => userId === accountId) }
}

async function giveIn(
  api: LabelStudioApi,
  grant: ProjectGrant,
  { accountId, signal, before }: Whose & { readonly before: ProjectStanding },
): Promise<'given' | 'later'> {
  await take(api, before.roles, signal)
  const role = toProjectRoleCode(grant)
  const member = { userId: accountId, ...(role && { role }) }
  return (await api.projects.addMember(grant.projectId, member, signal)) ? 'given' : 'later'
}

/** A role cannot be changed, only removed and added again. */
async function take(
  api: LabelStudioApi,
  roles: readonly ProjectRole[],
  signal: AbortSignal,
): Promise<void> {
  for (const { id } of roles) await api.projects.removeRole(id, signal)
}

/**
 * The part of a grant that belongs in the ledger. For a person added as a member by hand, only the
 * role does. A role given by hand, before ours or instead of it, does not.
 */
function entryFor(
  grant: ProjectGrant,
  had: Grant | undefined,
  { isMember, roles }: ProjectStanding,
): Grant | undefined {
  const ours = had?.kind === 'project' ? had : undefined
  if (ours && isChangedByHand(ours, roles)) return undefined
  if (ours) return ours.onlyRole ? { ...grant, onlyRole: true } : grant
  if (!isMember) return grant
  return roles.length > 0 || grant.role === 'Inherit' ? undefined : { ...grant, onlyRole: true }
}

/** Whether the person's role now differs from the one granted. */
function isChangedByHand(ours: ProjectGrant, roles: readonly ProjectRole[]): boolean {
  return !ours.unconfirmed && roles.some(({ role }) => role !== toProjectRoleCode(ours))
}

function toProjectRoleCode({ role }: ProjectGrant): ProjectRoleCode | undefined {
  if (role === 'Inherit') return undefined
  return role === 'Reviewer' ? 'RE' : 'AN'
}

/** Rules give only these two roles; in reports, any other is shown as Reviewer, the higher one. */
function toProjectRoleName(role: ProjectRole | undefined): ProjectGrant['role'] {
  if (!role) return 'Inherit'
  return role.role === 'AN' ? 'Annotator' : 'Reviewer'
}
