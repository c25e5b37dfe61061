import type { Grant } from '../../../../lib/adapter/index.js'
import { limiter } from '../../api/http/limiter.js'
import type { LabelStudioApi, Workspace } from '../../api/index.js'
import { recent } from '../../api/together.js'
import type { LabelStudioSettings } from '../../options.js'
import { explained } from './manual-flags.js'
import { type Holder, type Impossible, missing, type Prepared } from './prepared-grant.js'

type WorkspaceGrant = Extract<Grant, { kind: 'workspace' }>

/** How old the list may be in which a title is looked up: titles can move to other workspaces. */
const listedMs = 2_000

/** Grants and revokes memberships of workspaces, which rules name by title. */
export function workspaceGrants(api: LabelStudioApi, settings: LabelStudioSettings) {
  /** One at a time, so that no workspace is created twice. */
  const oneByOne = limiter(1, Number.MAX_SAFE_INTEGER)
  const listed = recent(() => api.workspaces.list(), listedMs)

  async function titled(title: string, signal: AbortSignal): Promise<Workspace | undefined> {
    const existing = oldest(await listed(signal), title) ?? (await find(api, title, signal))
    if (existing || !settings.createWorkspaces) return existing
    return oneByOne.run(() => create(title, signal), signal)
  }
  async function create(title: string, signal: AbortSignal): Promise<Workspace | undefined> {
    const existing = await find(api, title, signal)
    if (existing) return existing
    const created = await changing(() => api.workspaces.create(title, signal))
    // Another instance may have created one at the same time; all use the oldest.
    const oldest = await find(api, title, signal)
    if (oldest && oldest.id !== created.id) await api.workspaces.delete(created.id, signal)
    return oldest
  }
  const changing = <T>(work: () => Promise<T>) => explained(api, 'workspace', work)

  /** By id, because titles change and can move to other workspaces. */
  async function remove(grant: WorkspaceGrant, accountId: number, signal: AbortSignal) {
    const all = await api.workspaces.list(signal)
    const id = grant.workspaceId ?? oldest(all, grant.title)?.id
    if (!all.some((each) => each.id === id) || id === undefined) return
    await changing(() => api.workspaces.removeMember(id, accountId, signal))
  }

  return {
    async prepare(grant: WorkspaceGrant, holder: Holder): Promise<Prepared | Impossible> {
      const { accountId, had, isNew, signal } = holder
      const workspace = await titled(grant.title, signal)
      if (!workspace) return missing(`workspace "${grant.title}"`, grant)
      const isMember = !isNew && (await api.workspaces.hasMember(workspace.id, accountId, signal))
      const isOurs = had?.kind === 'workspace' && (had.workspaceId ?? workspace.id) === workspace.id
      // Another workspace has this title now: the membership in the first one ends.
      if (had?.kind === 'workspace' && !isOurs) await remove(had, accountId, signal)
      return {
        grant,
        entry: isMember && !isOurs ? undefined : { ...grant, workspaceId: workspace.id },
        async give() {
          if (!isMember) {
            await changing(() => api.workspaces.addMember(workspace.id, accountId, signal))
          }
          return 'given'
        },
      }
    },

    revoke: remove,

    async current(accountId: number, signal: AbortSignal): Promise<readonly Grant[]> {
      const there: Grant[] = []
      for (const workspace of usable(await api.workspaces.list(signal))) {
        if (await api.workspaces.hasMember(workspace.id, accountId, signal)) {
          there.push({ kind: 'workspace', title: workspace.title })
        }
      }
      return there
    },
  }
}

async function find(api: LabelStudioApi, title: string, signal: AbortSignal) {
  return oldest(await api.workspaces.list(signal), title)
}

function oldest(all: readonly Workspace[], title: string): Workspace | undefined {
  return usable(all)
    .filter((each) => each.title === title)
    .sort((a, b) => a.id - b.id)[0]
}

/** Workspaces that can have members: not personal ones, not archived ones. */
export function usable(workspaces: readonly Workspace[]): readonly Workspace[] {
  return workspaces.filter(({ isPersonal, isArchived }) => !isPersonal && !isArchived)
}
