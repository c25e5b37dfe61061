import type { AccessAdapters } from '../../../lib/access/index.js'
import type { Adapters } from '../../../lib/stores/adapters.js'
import { workspaceDirectory } from '../../../lib/workspaces/index.js'
import type { WorkspaceProjects } from './index.js'

/** The workspaces that the adapters keep, for `labelStudioPolicy`; empty in Enterprise, which has its own. */
export function workspaceProjectsOf(
  adapters: Pick<AccessAdapters, 'users' | 'groups' | 'access'> & Pick<Adapters, 'workspaceStore'>,
): Required<WorkspaceProjects> {
  const directory = workspaceDirectory(adapters)
  const linked = (scope: Parameters<WorkspaceProjects['projectsOf']>[0], account: number) =>
    adapters.access.recordByAccount(scope, String(account))
  return {
    async projectsOf(scope, titles) {
      return [...(await directory.projectsOfWorkspaces(scope, titles))]
    },
    async projectsMadeBy(scope, account) {
      if (!(await directory.hasUnplacedProjects(scope))) return []
      const record = await linked(scope, account)
      return record ? directory.unplacedProjectsOf(scope, record.userId) : []
    },
    async onProjectMade(scope, { project, account }) {
      const record = await linked(scope, account)
      const user =
        record && (await adapters.users.get(scope, record.userId, { omit: new Set(['groups']) }))
      if (user) await directory.projectCreated(scope, { projectId: project, user })
    },
  }
}
