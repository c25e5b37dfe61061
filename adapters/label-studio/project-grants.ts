import type { Grant } from '../../lib/mapping/index.js'
import type { LabelStudioApi, ProjectRoleCode } from './api/index.js'
import { type Holder, type Impossible, missing, type Prepared } from './prepared.js'

type ProjectGrant = Extract<Grant, { kind: 'project' }>

/** What a person has in a project already. */
interface Standing {
  readonly isMember: boolean
  /** Ids of roles of their own. */
  readonly roleIds: readonly number[]
}

/** Gives and takes project memberships and project roles; Inherit is membership without a role of one's own. */
export function projectGrants(api: LabelStudioApi) {
  async function standingOf(
    projectId: number,
    accountId: number,
    signal: AbortSignal,
  ): Promise<Standing> {
    let isMember = false
    for await (const { userId } of api.projects.directMembers(projectId, signal)) {
      if (userId === accountId) {
        isMember = true
        break
      }
    }
    const roles = await api.projects.roles(projectId, signal)
    return {
      isMember,
      roleIds: roles.filter(({ userId }) => userId === accountId).map(({ id }) => id),
    }
  }

  /** A role cannot be changed, only taken away and given anew. */
  async function take(roleIds: readonly number[], signal: AbortSignal): Promise<void> {
    for (const id of roleIds) await api.projects.removeRole(id, signal)
  }

  return {
    async prepare(grant: ProjectGrant, holder: Holder): Promise<Prepared | Impossible> {
      const { accountId, had, signal } = holder
      const { projectId } = grant
      if (!(await api.projects.get(projectId, signal))) {
        return missing(`project ${projectId}`, grant)
      }
      const before = await standingOf(projectId, accountId, signal)
      const entry = entryFor(grant, had, before)
      if (!entry) return { grant, entry, give: () => Promise.resolve('given') }
      const role = codeOf(grant)
      return {
        grant,
        entry,
        async give() {
          await take(before.roleIds, signal)
          const member = { userId: accountId, ...(role && { role }) }
          const skipped = await api.projects.addMembers(projectId, [member], signal)
          return skipped.includes(accountId) ? 'later' : 'given'
        },
      }
    },

    async revoke(grant: ProjectGrant, accountId: number, signal: AbortSignal): Promise<void> {
      const { projectId } = grant
      if (!(await api.projects.get(projectId, signal))) return
      const { roleIds } = await standingOf(projectId, accountId, signal)
      await take(roleIds, signal)
      if (!grant.onlyRole) await api.projects.removeMember(projectId, accountId, signal)
    },
  }
}

/**
 * What of a grant is ours. Of somebody who was a member by hand only the role is; nothing is of a role that was given
 * by hand.
 */
function entryFor(
  grant: ProjectGrant,
  had: Grant | undefined,
  { isMember, roleIds }: Standing,
): Grant | undefined {
  const ours = had?.kind === 'project' ? had : undefined
  if (ours) return ours.onlyRole ? { ...grant, onlyRole: true } : grant
  if (!isMember) return grant
  return roleIds.length > 0 || grant.role === 'Inherit' ? undefined : { ...grant, onlyRole: true }
}

function codeOf({ role }: ProjectGrant): ProjectRoleCode | undefined {
  if (role === 'Inherit') return undefined
  return role === 'Reviewer' ? 'RE' : 'AN'
}
