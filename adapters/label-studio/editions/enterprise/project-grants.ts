import type { Grant } from '../../../../lib/adapter/index.js'
import type { LabelStudioApi, ProjectRole, ProjectRoleCode } from '../../api/index.js'
import { explained } from './manual-flags.js'
import { type Holder, type Impossible, missing, type Prepared } from './prepared.js'

type ProjectGrant = Extract<Grant, { kind: 'project' }>

/** What a person has in a project already. */
interface Standing {
  readonly isMember: boolean
  /** Roles of their own: none with Inherit, else one. */
  readonly roles: readonly ProjectRole[]
}

/**
 * Gives and takes project memberships and project roles; Inherit is membership without a role of
 * one's own.
 */
export function projectGrants(api: LabelStudioApi) {
  const changing = <T>(work: () => Promise<T>) => explained(api, 'project', work)

  return {
    async prepare(grant: ProjectGrant, holder: Holder): Promise<Prepared | Impossible> {
      const { accountId, had, signal } = holder
      const { projectId } = grant
      if (!(await api.projects.get(projectId, signal))) {
        return missing(`project ${projectId}`, grant)
      }
      const before = await standingIn(api, projectId, { accountId, signal })
      const entry = entryFor(grant, had, before)
      const give = () => giveIn(api, grant, { accountId, signal, before })
      return { grant, entry, give: entry ? () => changing(give) : async () => 'given' }
    },

    async revoke(grant: ProjectGrant, accountId: number, signal: AbortSignal): Promise<void> {
      const { projectId } = grant
      if (!(await api.projects.get(projectId, signal))) return
      const { roles } = await standingIn(api, projectId, { accountId, signal })
      if (isChangedByHand(grant, roles)) return
      await changing(async () => {
        await take(api, roles, signal)
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
        if (!(await api.projects.get(projectId, signal))) continue
        const { isMember, roles } = await standingIn(api, projectId, { accountId, signal })
        if (isMember) there.push({ kind: 'project', projectId, role: toProjectRoleName(roles[0]) })
      }
      return there
    },
  }
}

type Whose = Pick<Holder, 'accountId' | 'signal'>

/**
 * Asks for this person alone. The roles of a project can only be listed as a whole: they are for
 * those only who have one, or where this version does not tell.
 */
async function standingIn(
  api: LabelStudioApi,
  projectId: number,
  { accountId, signal }: Whose,
): Promise<Standing> {
  const member = await api.projects.member(projectId, accountId, signal)
  const isMember = member !== undefined && !member.implicit
  if (!member || member.role === null) return { isMember, roles: [] }
  const roles = await api.projects.roles(projectId, signal)
  return { isMember, roles: roles.filter(({ userId }) => userId === accountId) }
}

async function giveIn(
  api: LabelStudioApi,
  grant: ProjectGrant,
  { accountId, signal, before }: Whose & { readonly before: Standing },
): Promise<'given' | 'later'> {
  await take(api, before.roles, signal)
  const role = toProjectRoleCode(grant)
  const member = { userId: accountId, ...(role && { role }) }
  const skipped = await api.projects.addMembers(grant.projectId, [member], signal)
  return skipped.includes(accountId) ? 'later' : 'given'
}

/** A role cannot be changed, only taken away and given anew. */
async function take(
  api: LabelStudioApi,
  roles: readonly ProjectRole[],
  signal: AbortSignal,
): Promise<void> {
  for (const { id } of roles) await api.projects.removeRole(id, signal)
}

/**
 * What of a grant is ours. Of somebody who was a member by hand only the role is; nothing is of a
 * role that was given by hand, be it before ours or in its place.
 */
function entryFor(
  grant: ProjectGrant,
  had: Grant | undefined,
  { isMember, roles }: Standing,
): Grant | undefined {
  const ours = had?.kind === 'project' ? had : undefined
  if (ours && isChangedByHand(ours, roles)) return undefined
  if (ours) return ours.onlyRole ? { ...grant, onlyRole: true } : grant
  if (!isMember) return grant
  return roles.length > 0 || grant.role === 'Inherit' ? undefined : { ...grant, onlyRole: true }
}

/** Whether the person has another role by now than the one that we gave. */
function isChangedByHand(ours: ProjectGrant, roles: readonly ProjectRole[]): boolean {
  return !ours.unconfirmed && roles.some(({ role }) => role !== toProjectRoleCode(ours))
}

function toProjectRoleCode({ role }: ProjectGrant): ProjectRoleCode | undefined {
  if (role === 'Inherit') return undefined
  return role === 'Reviewer' ? 'RE' : 'AN'
}

/**
 * Other roles than these two are not given by rules; in reports they read as Reviewer, which is the
 * higher one.
 */
function toProjectRoleName(role: ProjectRole | undefined): ProjectGrant['role'] {
  if (!role) return 'Inherit'
  return role.role === 'AN' ? 'Annotator' : 'Reviewer'
}
