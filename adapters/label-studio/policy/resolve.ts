import { isObject, stopwatch } from '../../../lib/adapter/index.js'
import { type ApiPath, apiPath } from '../api/http/path.js'
import { isLabelStudioError, type LabelStudioApi } from '../api/index.js'
import { oldestKeyOf } from '../api/oldest-key.js'
import type { ObjectFacts } from './decide.js'
import { findsByWork } from './filters.js'
import type { Reference } from './read-request.js'
import { addressesIn, addressesInConfig, type NamedFiles, namedFiles } from './task-files.js'
import { guardedFields } from './work-fields.js'

/** Looks up which projects objects belong to, using the owner's token. */
export interface Resolver {
  /** What is known without asking: a project belongs to itself, and some objects never move. */
  known(reference: Reference): ObjectFacts | undefined
  /** Asks Label Studio. An object that does not exist has no projects. */
  ask(reference: Reference, signal?: AbortSignal): Promise<ObjectFacts>
  /**
   * Returns a function that remembers tasks of a project, from the answer to a request sent now.
   */
  learnerOf(project: number): (tasks: readonly number[]) => void
  /** The address of an account, lower-cased; `undefined` if there is none. */
  addressOf(account: number, signal?: AbortSignal): Promise<string | undefined>
  /** Forgets everything, because ids may now belong to other objects. */
  forget(): void
}

/** How to ask for an object, and which facts to take from the answer. */
interface Kind {
  readonly path: (id: string) => ApiPath
  /** The object never moves to another project. */
  readonly isFixed?: true
  readonly facts: (answer: Record<string, unknown>) => Facts
}

/** Facts about an object, and other objects whose projects it shares. */
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
    // Moving an annotation can make its project differ from its task's project: both count.
    facts: (answer) => ({
      ...ofTask(answer),
      ...ofProject(answer),
      madeBy: authorOf(answer['completed_by']),
      stored: guardedFields(answer),
    }),
  },
  draft: {
    path: (id) => apiPath`/api/drafts/${id}/`,
    facts: (answer) => ({
      ...ofTask(answer),
      madeBy: authorOf(answer['user']),
      stored: guardedFields(answer),
    }),
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

/** Maximum number of remembered objects. The oldest are forgotten first. */
const maxRemembered = 100_000
/**
 * How long to remember an object. On SQLite, an import may reuse the id of a deleted task if no
 * task has a higher id; {@link Resolver.forget} is called only for requests through this gate.
 */
const rememberedMs = 60_000

interface Remembered {
  readonly age: () => number
  readonly facts: ObjectFacts
}

/** A resolver that asks through `api`, which uses the owner's token. */
export function resolverOf(api: LabelStudioApi): Resolver {
  const remembered = new Map<string, Remembered>()
  const oldestKey = oldestKeyOf(remembered)
  const files = namedFiles(rememberedMs)
  /** Answers to questions asked before a deletion are not remembered. */
  let epoch = 0
  const remember = (key: string, facts: ObjectFacts, begun: number) => {
    if (begun !== epoch) return
    if (remembered.size >= maxRemembered) {
      const oldest = oldestKey()
      if (oldest !== undefined) remembered.delete(oldest)
    }
    remembered.set(key, { age: stopwatch(), facts })
  }

  function known({ kind, id }: Reference): ObjectFacts | undefined {
    if (kind === 'project') return { projects: [Number(id)] }
    if (isFile(kind)) return knownFile(files, { kind, id })
    const found = remembered.get(`${kind} ${id}`)
    return found && found.age() < rememberedMs ? found.facts : undefined
  }

  async function ask(reference: Reference, signal?: AbortSignal): Promise<ObjectFacts> {
    const before = known(reference)
    if (before) return before
    const { kind, id } = reference
    const begun = epoch
    if (isFile(kind))
      return askFile(api, { files, reference, isCurrent: () => begun === epoch }, signal)
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
      files.clear()
    },
  }
}

const isFile = (kind: string) => kind === 'taskFile' || kind === 'projectFile'

/** A reference to a file has the id of its task or project, a space, and its address. */
function fileOf({ kind, id }: Reference) {
  const end = id.indexOf(' ')
  const number = id.slice(0, end)
  return { number, owner: `${kind} ${number}`, address: id.slice(end + 1) }
}

function knownFile(files: NamedFiles, reference: Reference): ObjectFacts | undefined {
  const { owner, address } = fileOf(reference)
  return files.has(owner, address) ? { projects: [], isNamed: true } : undefined
}

interface FileQuestion {
  readonly files: NamedFiles
  readonly reference: Reference
  /** Whether nothing was forgotten since the question. */
  isCurrent(): boolean
}

/** Asks which files the task or project names. */
async function askFile(
  api: LabelStudioApi,
  { files, reference, isCurrent }: FileQuestion,
  signal?: AbortSignal,
): Promise<ObjectFacts> {
  const { number, owner, address } = fileOf(reference)
  const isOfTask = reference.kind === 'taskFile'
  // Otherwise Label Studio replaces the addresses in the data by ones of its own.
  const path = isOfTask
    ? apiPath`/api/tasks/${number}/?resolve_uri=false`
    : apiPath`/api/projects/${number}/?include=id,label_config`
  const answer = (await get(api, path, signal)) ?? {}
  const addresses = isOfTask
    ? addressesIn(answer['data'])
    : addressesInConfig(answer['label_config'])
  if (isCurrent()) files.keep(owner, addresses)
  return { projects: [], isNamed: addresses.has(address) }
}

function kindOf(kind: string): Kind | undefined {
  const storage = /^storage:(export\/)?([a-z0-9]+)$/.exec(kind)
  if (!storage) return kinds[kind]
  const [, side, type = ''] = storage
  return simple((id) =>
    side ? apiPath`/api/storages/export/${type}/${id}` : apiPath`/api/storages/${type}/${id}`,
  )
}

/** The user whose legacy token a project's ML backends get; none if legacy tokens do not work. */
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

/** Label Studio answers 404 unless the export belongs to the project. */
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

/** An author that is missing counts as another person. */
function authorOf(value: unknown): number | string {
  if (isObject(value)) return authorOf(value['id'])
  return typeof value === 'number' || typeof value === 'string' ? value : ''
}
