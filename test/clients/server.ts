import { buildHost, startHost } from '../host/start-host.js'
import { send } from '../support/label-studio-browser.js'

export const scimToken = 'scim-token-of-the-clients-suite'
export const adminToken = 'admin-token-of-the-clients-suite'

/** The example host as it is, and what it has. */
export interface Server {
  readonly baseUrl: string
  readonly origin: string
  /** The body of an answer to `GET`, e.g. of `/Users/1`. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read what they expect
  get(path: string): Promise<any>
  /** The users with this `userName`; one or none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read what they expect
  usersNamed(userName: string): Promise<any[]>
  // biome-ignore lint/suspicious/noExplicitAny: tests read what they expect
  groupsNamed(displayName: string): Promise<any[]>
  /** User names of the members of a group, sorted. */
  memberNames(groupId: string): Promise<string[]>
  stop(): Promise<unknown>
}

/** Builds and starts the example host in a process of its own, with an empty database in memory. */
export async function startServer(): Promise<Server> {
  await buildHost()
  const host = await startHost({
    SCIM_TOKEN: scimToken,
    ADMIN_TOKEN: adminToken,
    DATABASE_URL: 'sqlite::memory:',
  })
  const baseUrl = `${host.origin}/scim/v2`
  const headers = { authorization: `Bearer ${scimToken}` }
  const get = async (path: string) => (await send(`${baseUrl}${path}`, { headers })).json
  const found = async (path: string, filter: string) =>
    (await get(`${path}?filter=${encodeURIComponent(filter)}`)).Resources
  return {
    baseUrl,
    origin: host.origin,
    get,
    usersNamed: (userName) => found('/Users', `userName eq "${userName}"`),
    groupsNamed: (displayName) => found('/Groups', `displayName eq "${displayName}"`),
    async memberNames(groupId) {
      const { members = [] } = await get(`/Groups/${groupId}`)
      const users = await Promise.all(members.map(({ value }: Reference) => get(`/Users/${value}`)))
      return users.map(({ userName }) => userName).sort()
    },
    stop: () => host.stop(),
  }
}

interface Reference {
  readonly value: string
}
