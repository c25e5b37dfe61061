import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Adapters, MappingRules } from 'label-studio-scim'

/** How many rules exist, and how many of them concern the person who sends the requests. */
export interface RuleSizes {
  readonly groups: number
  readonly projects: number
  /** Number of the person's groups. Each gives its share of the projects. */
  readonly groupsOfPerson: number
  readonly projectsInWorkspace: number
}

export const few: RuleSizes = { groups: 5, projects: 5, groupsOfPerson: 1, projectsInWorkspace: 5 }
export const many: RuleSizes = {
  groups: 2_000,
  projects: 10_000,
  groupsOfPerson: 20,
  projectsInWorkspace: 10_000,
}

const scope = {
  tenant: 'default',
  actor: 'bench',
  requestId: 'bench',
  signal: new AbortController().signal,
}

/** The part of Label Studio that the gate and the policy call. */
export function labelStudio(
  { url = '', headers }: IncomingMessage,
  response: ServerResponse,
): void {
  const isOwner = headers.authorization === 'Token owner'
  const [id, email] = isOwner ? [2, 'owner@example.com'] : [1, 'person@example.com']
  const answer = url.includes('/version')
    ? { edition: 'Community', release: '1.23.2' }
    : { id, email, active_organization: 1, project: 1 }
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(answer))
}

/** Starts a server on a free port. */
export async function listen(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** Creates one person in some of the groups, all rules, and a workspace. */
export async function fill(adapters: Adapters, sizes: RuleSizes): Promise<void> {
  const at = new Date().toISOString()
  const meta = { created: at, lastModified: at, version: '1' }
  const user = {
    id: 'person',
    userName: 'person@example.com',
    active: true,
    meta: { ...meta, resourceType: 'User' },
  }
  const keys = [{ attribute: 'userName', key: user.userName, unique: true }]
  await adapters.users.create(scope, user, { keys, comparable: () => ({ ...user }) })
  await adapters.access?.saveRecord(scope, {
    userId: user.id,
    email: user.userName,
    applied: [],
    deferred: [],
    notes: [],
    account: { id: '1', origin: 'created' },
    enforced: 'active',
    hadRole: true,
    at,
  })
  for (let each = 0; each < sizes.groupsOfPerson; each++) {
    const displayName = `Group ${each}`
    const group = { id: `group-${each}`, displayName, meta: { ...meta, resourceType: 'Group' } }
    const unique = [{ attribute: 'displayName', key: displayName.toLowerCase(), unique: true }]
    await adapters.groups.create(scope, group, {
      keys: unique,
      comparable: () => ({ displayName }),
    })
    const change = { add: [user.id], remove: [] }
    await adapters.groups.changeMembers?.(scope, group.id, change, { now: at })
  }
  await adapters.access?.saveRules(scope, rulesOf(sizes), { expectedVersion: '0', affects: [] })
  const workspace = { id: 'workspace', title: 'Vision' }
  await adapters.workspaceStore?.create(scope, workspace)
  const inside = range(sizes.projectsInWorkspace).map((each) => 1 + each)
  await adapters.workspaceStore?.putProjects(scope, workspace.id, inside)
}

function rulesOf({ groups, projects }: RuleSizes): MappingRules {
  return {
    roles_groups: range(groups).map((each) => ['Annotator', `Group ${each}`]),
    workspaces_groups: [['Vision', 'Group 0']],
    projects_groups: range(projects).map((each) => ({
      project_id: 1 + each,
      group: `Group ${each % groups}`,
      role: 'Inherit',
    })),
  }
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}
