import { isObject } from '../../../lib/adapter/index.js'
import { type PersonAccess, type Rank, rankIn, ranks } from './access.js'
import { carriesFiles, type Endpoint, type NeededRole, roleOfAction } from './endpoints.js'
import type { ReadRequest, Reference } from './read-request.js'
import { fileAddress } from './task-files.js'
import { writesOthersWork } from './work-fields.js'

/** What is known about an object. */
export interface ObjectFacts {
  /** Ids of its projects. Empty if the object does not exist or belongs to the organization. */
  readonly projects: readonly number[]
  /** The creator, where it matters: an account id or an e-mail address. */
  readonly madeBy?: number | string | undefined
  /** The URL of an ML backend. */
  readonly url?: unknown
  /** Set for a tab that finds tasks by other people's work. */
  readonly findsByWork?: boolean
  /** The fields of an annotation or draft that a change is compared with. */
  readonly stored?: Readonly<Record<string, unknown>>
  /** Whether the task or project names a file, see {@link Endpoint.file}. */
  readonly isNamed?: boolean
}

/** Returns the facts about an object if they are known already. */
export type Known = (reference: Reference) => ObjectFacts | undefined

/** The decision about a request. */
export type Decision =
  | {
      readonly kind: 'allow'
      /** The project of the named objects; `undefined` if the request names none. */
      readonly project: number | undefined
    }
  | { readonly kind: 'refuse'; readonly reason: string }
  /** The facts about these objects are needed first. */
  | { readonly kind: 'ask'; readonly references: readonly Reference[] }

/** Decides about a request of a person below Administrator. It refuses whatever is in doubt. */
export function decide(person: PersonAccess, request: ReadRequest, known: Known): Decision {
  const { endpoint, references } = request
  const outside = outsideProjects(person, request) ?? beyondReach(person, request, known)
  if (outside) return outside
  const missing = references.filter((each) => !known(each))
  if (missing.length > 0) return { kind: 'ask', references: missing }
  const facts = references.map((each) => ({ ...each, ...(known(each) as ObjectFacts) }))
  if (facts.some(({ projects }) => projects.length === 0)) return refuse('no such object')
  const projects = [...new Set(facts.flatMap((each) => each.projects))]
  if (projects.length > 1 && !endpoint.isAcrossProjects) return refuse('objects of two projects')
  if (endpoint.isExport && hasFiles(request)) return refuse('an export with files')
  if (!hasWhatIsNeeded(request)) return refuse(`needs ${endpoint.needs?.join(' or ')}`)
  const least = Math.min(...projects.map((project) => rankIn(person, project))) as Rank
  if (projects.length > 0 && least === ranks.none) return refuse('not a member of the project')
  const others = facts.filter(({ madeBy }) => madeBy !== undefined && !isOwn(person, madeBy))
  const findsByWork = endpoint.filters === 'now' && facts.some((each) => each.findsByWork)
  const needed = neededRank({ request, person, others, findsByWork, stored: facts[0]?.stored })
  if (projects.length === 0) return ofList(person, endpoint, needed)
  if (least < needed) return refuse('role')
  const file = endpoint.file && least < ranks.MA ? unnamedFile(request, known) : undefined
  if (file) return file
  const keepsUrl = facts.some(({ url }) => url !== undefined && keeps(request.body, url))
  const handing = endpoint.handsToken && !keepsUrl && handingToken(person, projects, known)
  return handing || allow(projects[0])
}

/**
 * Refuses what the person could not do whatever the unknown objects are. Looking an object up may
 * have effects in Label Studio: for an ML backend, Label Studio sends the backend a request.
 */
function beyondReach(
  person: PersonAccess,
  { endpoint, references }: ReadRequest,
  known: Known,
): Decision | undefined {
  if (references.length === 0) return undefined
  const needed = Math.max(ranksOf[endpoint.role] ?? ranks.AD, ranks.AN)
  if (person.highest < needed) return refuse('role')
  const projects = references.flatMap((each) => known(each)?.projects ?? [])
  const isOutside = projects.some((project) => rankIn(person, project) < ranks.AN)
  return isOutside ? refuse('not a member of the project') : undefined
}

/**
 * Label Studio gives out any file of a bucket that a storage of the project uses. Below Manager it
 * must be one that the task's data or the project's labeling configuration names.
 */
function unnamedFile({ endpoint, references, query }: ReadRequest, known: Known) {
  const address = fileAddress(query.get('fileuri') ?? '')
  const owner = references.find(({ kind }) => kind === endpoint.file)
  if (address === undefined || !owner) return refuse('the file cannot be read')
  const file = { kind: `${owner.kind}File`, id: `${owner.id} ${address}` }
  const facts = known(file)
  if (!facts) return { kind: 'ask', references: [file] } as const
  return facts.isNamed ? undefined : refuse(`a file that the ${owner.kind} does not name`)
}

/** Whether the URL stays the same: that address has the token already. */
function keeps(body: unknown, url: unknown): boolean {
  return isObject(body) && (body['url'] ?? url) === url
}

/** Anyone who gets the token of a project's creator could do whatever the creator may. */
function handingToken(
  person: PersonAccess,
  projects: readonly number[],
  known: Known,
): Decision | undefined {
  const creators = projects.map((id) => ({ kind: 'creator', id: String(id) }))
  const missing = creators.filter((each) => !known(each))
  if (missing.length > 0) return { kind: 'ask', references: missing }
  const isOthers = creators.some((each) => {
    const madeBy = known(each)?.madeBy
    return madeBy !== undefined && !isOwn(person, madeBy)
  })
  return isOthers ? refuse('would hand over the token of the creator of the project') : undefined
}

function allow(project: number | undefined): Decision {
  return { kind: 'allow', project }
}

/** The role alone decides about endpoints that do not concern a project. */
function outsideProjects(
  person: PersonAccess,
  { endpoint: { role }, account, body }: ReadRequest,
): Decision | undefined {
  if (role === 'AD') return refuse('role')
  if (role === 'any' && isForAnother(person, body)) return refuse('somebody else')
  if (role === 'self') return account === person.account ? free : refuse('somebody else')
  if (role === 'MA*') return person.rank >= ranks.MA ? undefined : refuse('role')
  return undefined
}

/** Label Studio writes the row of whoever the body names as `user`. */
function isForAnother({ account }: PersonAccess, body: unknown): boolean {
  return isObject(body) && Object.hasOwn(body, 'user') && body['user'] !== account
}

const free: Decision = { kind: 'allow', project: undefined }

/** A list that names no object passes only if its query or answer is limited. */
function ofList(person: PersonAccess, { role, answer }: Endpoint, needed: Rank): Decision {
  if (role === 'any' || role === 'anon' || role === 'MA*') return free
  if (!isNarrowed(answer)) return refuse('names no project')
  return person.highest >= needed ? free : refuse('role')
}

function isNarrowed(answer: Endpoint['answer']): boolean {
  return ['byProject', 'labels', 'labelLinks', 'ownTabs'].includes(answer ?? '')
}

function hasWhatIsNeeded({ endpoint: { needs }, named }: ReadRequest): boolean {
  return needs === undefined || needs.some((name) => named.has(name))
}

/**
 * Whether an export asks for files by format or body. In the query, the answer rule `withoutFiles`
 * sets `download_resources` to false.
 */
function hasFiles({ query, body }: ReadRequest): boolean {
  const fields = isObject(body) ? body : {}
  const formats = [query.get('exportType'), query.get('export_type'), fields['export_type']]
  return (
    formats.some((each) => carriesFiles.test(String(each))) || Boolean(fields['download_resources'])
  )
}

interface Needing {
  readonly request: ReadRequest
  readonly person: PersonAccess
  readonly others: readonly Reference[]
  readonly findsByWork: boolean
  readonly stored: ObjectFacts['stored']
}

/**
 * The rank that the row requires. The action, other people's objects or fields of the body may
 * raise it.
 */
function neededRank({ request, person, others, findsByWork, stored }: Needing): Rank {
  const { endpoint } = request
  const needed = [ranksOf[endpoint.role] ?? ranks.AD]
  if (endpoint.isAction) needed.push(ranks[roleOfAction(actionOf(request))])
  for (const { kind } of others) {
    if (endpoint.others) needed.push(ranksOfOthers[kind === 'annotation' ? 'RE' : endpoint.others])
  }
  if (findsByWork || (endpoint.filters && request.findsByWork)) needed.push(ranks.RE)
  const before = endpoint.work === 'stored' ? stored : undefined
  if (endpoint.work && writesOthersWork(request.body, person, before)) needed.push(ranks.RE)
  return Math.max(...needed) as Rank
}

const ranksOf: Partial<Record<NeededRole, Rank>> = {
  anon: ranks.none,
  any: ranks.none,
  AN: ranks.AN,
  RE: ranks.RE,
  MA: ranks.MA,
  'MA*': ranks.none,
}

/** `nobody` stands for nobody below Administrator. */
const ranksOfOthers = { RE: ranks.RE, MA: ranks.MA, nobody: ranks.AD } as const

function actionOf({ query, path }: ReadRequest): string {
  return /^\/api\/dm\/actions\/([^/]+)\/form/.exec(path)?.[1] ?? query.get('id') ?? ''
}

/** Whether the person made the object. `madeBy` is an account id or an e-mail address. */
export function isOwn({ account, email }: PersonAccess, madeBy: number | string): boolean {
  return typeof madeBy === 'number' ? madeBy === account : madeBy.toLowerCase() === email
}

function refuse(reason: string): Decision {
  return { kind: 'refuse', reason }
}
