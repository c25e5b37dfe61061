import { isObject } from '../../../lib/adapter/index.js'
import { type ApiPath, apiPath } from '../api/http/path.js'
import { isLabelStudioError, type LabelStudioApi } from '../api/index.js'
import type { ObjectFacts } from './decide.js'
import { findsByWork } from './filters.js'
import type { Reference } from './read-request.js'

/** Finds out to which projects objects belong, as the owner. */
export interface Resolver {
  /** What is known without asking: projects are their own, and some objects never move. */
  known(reference: Reference): ObjectFacts | undefined
  /** Asks Label Studio; an object that does not exist has no projects. */
  ask(reference: Reference, signal?: AbortSignal): Promise<ObjectFacts>
  /** For remembering tasks of a project, from the answer to a request that is sent now. */
  learnerOf(project: number): (tasks: readonly number[]) => void
  /** Address of an account, lower-cased; `undefined` for none. */
  addressOf(account: number, signal?: AbortSignal): Promise<string | undefined>
  /** Forgets everything: numbers may have been given to other objects. */
  forget(): void
}

/** How an object is asked for, and what of the answer counts. */
interface Kind {
  readonly path: (id: string) => ApiPath
  /** It never moves to another project. */
  readonly isFixed?: true
  readonly facts: (answer: Record<string, unknown>) => Facts
}

/** Facts of an object, and other objects whose projects are its own too. */
interface Facts extends ObjectFacts {
  readonly via?: readonly Reference[]
}

const ofProject = (answer: Record<string, unknown>): ObjectFacts => ({
  projects: numbersIn([answer['project']]),
})
const ofTask = ({ task }: Record<string, unknown>): Facts => ({ projects: [], via: tasks(task) })
const simple = (path: Kind['path']): Kind => ({ path, facts: ofProject })

const kinds: Readonly<Record<string, Kind>> = {
  task: { path: (id) => apiPath`/api/tasks/${id}/`, isFixed: true, facts: ofProject },
  annotation: {
    path: (id) => apiPath`/api/annotations/${id}/`,
    // Whoever moves an annotation makes its project and that of its task disagree: both count.
    facts: (answer) => ({
      ...ofTask(answer),
      ...ofProject(answer),
      madeBy: authorOf(answer['completed_by']),
    }),
  },
  draft: {
    path: (id) => apiPath`/api/drafts/${id}/`,
    facts: (answer) => ({ ...ofTask(answer), madeBy: authorOf(answer['user']) }),
  },
  prediction: {
    path: (id) => apiPath`/api/predictions/${id}/`,
    facts: (answer) => ({ ...ofTask(answer), ...ofProject(answer) }),
  },
  tab: {
    path: (id) => apiPath`/api/dm/views/${id}/`,
    facts: (answer) => ({
      ...ofProject(answer),
      madeBy: authorOf(answer['user']),
      findsByWork: findsByWork(answer),
    }),
  },
  ml: {
    path: (id) => apiPath`/api/ml/${id}`,
    facts: (answer) => ({ ...ofProject(answer), url: answer['url'] }),
  },
  webhook: simple((id) => apiPath`/api/webhooks/${id}/`),
  labelLink: simple((id) => apiPath`/api/label_links/${id}/`),
  label: {
    path: (id) => apiPath`/api/labels/${id}/`,
    facts: ({ projects }) => ({ projects: numbersIn(projects) }),
  },
  upload: {
    path: (id) => apiPath`/api/import/file-upload/${id}`,
    isFixed: true,
    facts: ({ file }) => ({
      projects: numbersIn([/^upload\/([0-9]+)\//.exec(String(file))?.[1]].map(Number)),
    }),
  },
  import: {
    path: (id) => apiPath`/api/projects/1/imports/${id}/`,
    isFixed: true,
    facts: ofProject,
  },
  reimport: {
    path: (id) => apiPath`/api/projects/1/reimports/${id}/`,
    isFixed: true,
    facts: ofProject,
  },
}

/** Objects that are remembered at most; the oldest are forgotten first. */
const maxRemembered = 100_000
/**
 * How long an object is remembered. On SQLite an import gives a task the number of one that was
 * deleted, if no later one is left; {@link Resolver.forget} hears only of what passes this gate.
 */
const rememberedMs = 60_000

interface Remembered {
  readonly until: number
  readonly facts: ObjectFacts
}

/** A resolver that asks by `api`, whose token is the owner's. */
export function resolverOf(api: LabelStudioApi): Resolver {
  const remembered = new Map<string, Remembered>()
  /** What was asked before something was deleted, and is answered afterwards, is not remembered. */
  let epoch = 0
  const remember = (key: string, facts: ObjectFacts, begun: number) => {
    if (begun !== epoch) return
    if (remembered.size >= maxRemembered) {
      const [oldest] = remembered.keys()
      if (oldest !== undefined) remembered.delete(oldest)
    }
    remembered.set(key, { until: performance.now() + rememberedMs, facts })
  }

  function known({ kind, id }: Reference): ObjectFacts | undefined {
    if (kind === 'project') return { projects: [Number(id)] }
    const found = remembered.get(`${kind} ${id}`)
    return found && performance.now() < found.until ? found.facts : undefined
  }

  async function ask(reference: Reference, signal?: AbortSignal): Promise<ObjectFacts> {
    const before = known(reference)
    if (before) return before
    const { kind, id } = reference
    const begun = epoch
    if (kind === 'export') return askExport(api, id, signal)
    if (kind === 'creator') return askCreator(api, id, signal)
    const how = kindOf(kind)
    if (!how) return { projects: [] }
    const answer = await get(api, how.path(id), signal)
    if (!answer) return { projects: [] }
    const facts = await settle(how.facts(answer), signal)
    if (how.isFixed && facts.projects.length > 0) remember(`${kind} ${id}`, facts, begun)
    return facts
  }

  async function settle(facts: Facts, signal?: AbortSignal): Promise<ObjectFacts> {
    const { via = [], ...own } = facts
    const others = await Promise.all(via.map((each) => ask(each, signal)))
    const isWhole = others.every(({ projects }) => projects.length > 0)
    const projects = isWhole ? [...facts.projects, ...others.flatMap((each) => each.projects)] : []
    return { ...own, projects: [...new Set(projects)] }
  }

  return {
    known,
    ask,
    learnerOf(project) {
      const begun = epoch
      return (numbers) => {
        for (const task of numbers) remember(`task ${task}`, { projects: [project] }, begun)
      }
    },
    async addressOf(account, signal) {
      const answer = await get(api, apiPath`/api/users/${account}/`, signal)
      return typeof answer?.['email'] === 'string' ? answer['email'].toLowerCase() : undefined
    },
    forget() {
      epoch += 1
      remembered.clear()
    },
  }
}

function kindOf(kind: string): Kind | undefined {
  const storage = /^storage:(export\/)?([a-z0-9]+)$/.exec(kind)
  if (!storage) return kinds[kind]
  const [, side, type = ''] = storage
  return simple((id) =>
    side ? apiPath`/api/storages/export/${type}/${id}` : apiPath`/api/storages/${type}/${id}`,
  )
}

/** Whose legacy token a project's ML backends get; nobody's where legacy tokens do not work. */
async function askCreator(
  api: LabelStudioApi,
  id: string,
  signal?: AbortSignal,
): Promise<ObjectFacts> {
  const projects = [Number(id)]
  const tokens = await api.settings.tokenSettings(signal)
  if (tokens && !tokens.legacyTokens) return { projects }
  const answer = await get(api, apiPath`/api/projects/${id}/`, signal)
  return { projects, madeBy: authorOf(answer?.['created_by']) }
}

/** Label Studio answers 404 unless the export is one of the project. */
async function askExport(
  api: LabelStudioApi,
  id: string,
  signal?: AbortSignal,
): Promise<ObjectFacts> {
  const [project = '', number = ''] = id.split('/')
  const answer = await get(api, apiPath`/api/projects/${project}/exports/${number}`, signal)
  return { projects: answer ? [Number(project)] : [] }
}

async function get(
  { http }: LabelStudioApi,
  path: ApiPath,
  signal?: AbortSignal,
): Promise<Record<string, unknown> | undefined> {
  try {
    const answer = await http.request({ method: 'GET', path, signal })
    return isObject(answer) ? answer : undefined
  } catch (error) {
    if (isLabelStudioError(error, 'notFound', 'featureAbsent')) return undefined
    throw error
  }
}

function tasks(task: unknown): readonly Reference[] {
  return numbersIn([task]).map((id) => ({ kind: 'task', id: String(id) }))
}

function numbersIn(values: unknown): readonly number[] {
  if (!Array.isArray(values)) return []
  return values.filter((each) => Number.isSafeInteger(each))
}

/** Nobody is an author too: then it is not one's own. */
function authorOf(value: unknown): number | string {
  if (isObject(value)) return authorOf(value['id'])
  return typeof value === 'number' || typeof value === 'string' ? value : ''
}
