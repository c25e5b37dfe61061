import { isLabelStudioError } from './errors.js'
import type { HttpClient } from './http/client.js'
import { apiPath } from './http/path.js'
import { membersAmong } from './pages.js'
import { booleanOf, readArray, readId, readRecord, textOf } from './read.js'
import { shared, together } from './together.js'
import { orUndefined } from './users.js'

/** A workspace (Enterprise only). */
export interface Workspace {
  id: number
  title: string
  /** A person's own sandbox, which nobody else can join. */
  isPersonal: boolean
  isArchived: boolean
}

/** Calls about workspaces; in Community each throws LabelStudioError `featureAbsent`. */
export interface WorkspacesApi {
  /** All workspaces, personal and archived ones too. */
  list(signal?: AbortSignal): Promise<Workspace[]>
  /** Creates a workspace. Titles may not be unique, so look for the title first, under a lock. */
  create(title: string, signal?: AbortSignal): Promise<Workspace>
  /** Deletes a workspace without projects; `false` if there was none. */
  delete(id: number, signal?: AbortSignal): Promise<boolean>
  /** Whether an account is a member; requests only those asked for at the same time. */
  hasMember(id: number, userId: number, signal?: AbortSignal): Promise<boolean>
  addMember(id: number, userId: number, signal?: AbortSignal): Promise<void>
  /** Removes a member; it is not an error if the account is not one. */
  removeMember(id: number, userId: number, signal?: AbortSignal): Promise<void>
}

/** Calls about workspaces, on `http`. */
export function workspacesApi(http: HttpClient): WorkspacesApi {
  const all = apiPath`/api/workspaces/`
  const list = shared(async () => {
    const query = { include_all_workspaces: true }
    const answer = await http.request({ method: 'GET', path: all, query })
    return readArray(answer, 'workspaces').map(toWorkspace)
  })
  const findMember = together<number, true>(async (id, userIds) => {
    const path = apiPath`/api/workspaces/${id}/memberships/paginated/`
    const found = await membersAmong(http, path, userIds)
    return new Map([...found.keys()].map((userId) => [userId, true]))
  })
  const addMember = together<number, void>(async (id, userIds, signal) => {
    const path = apiPath`/api/workspaces/${id}/memberships/bulk/`
    const body = { all: false, included: userIds, excluded: [] }
    // Adding a member twice leaves one membership, so this POST may be repeated.
    await http.request({ method: 'POST', path, body, repeatable: true, signal })
    return new Map()
  })
  const hasMember: WorkspacesApi['hasMember'] = async (id, userId, signal) =>
    (await findMember(id, userId, signal)) === true
  return {
    list,
    async create(title, signal) {
      return toWorkspace(await http.request({ method: 'POST', path: all, body: { title }, signal }))
    },
    async delete(id, signal) {
      const path = apiPath`/api/workspaces/${id}/`
      const done = http.request({ method: 'DELETE', path, signal }).then(() => true)
      return (await orUndefined(done)) ?? false
    },
    hasMember,
    addMember,
    async removeMember(id, userId, signal) {
      const path = apiPath`/api/workspaces/${id}/memberships/`
      // Versions before mid-2026 read only the body.
      const who = { query: { user_id: userId }, body: { user: userId } }
      try {
        await http.request({ method: 'DELETE', path, ...who, signal })
      } catch (error) {
        // Before 2.37.0 a successful removal was reported as an error, so the membership is read
        // again.
        if (isLabelStudioError(error, 'featureAbsent', 'unauthorized')) throw error
        if (await hasMember(id, userId, signal)) throw error
      }
    },
  }
}

function toWorkspace(value: unknown): Workspace {
  const record = readRecord(value, 'workspace')
  return {
    id: readId(record, 'id', 'workspace'),
    title: textOf(record, 'title'),
    isPersonal: booleanOf(record, 'is_personal') ?? false,
    isArchived: booleanOf(record, 'is_archived') ?? false,
  }
}
