import type { IncomingHttpHeaders } from 'node:http'
import { isObject } from '../../../lib/adapter/index.js'
import { plainTypeOf } from './content-type.js'
import { type Endpoint, endpoints } from './endpoints.js'
import { filterIn, findsByWork } from './filters.js'
import { type NamedPeople, peopleIn } from './people.js'
import { decodedText, isTricky, jsonOf, unreadable } from './text.js'

/** An object that a request names. */
export interface Reference {
  /** `project`, `task`, `annotation`, …, as the endpoints' paths name them. */
  readonly kind: string
  /** Its id; for an export, `{project}/{export}`. */
  readonly id: string
}

/** A request as Label Studio reads it. */
export interface ReadRequest {
  readonly endpoint: Endpoint
  readonly method: string
  /** The path without the query. */
  readonly path: string
  readonly query: ReadonlyMap<string, string>
  readonly references: readonly Reference[]
  /** Where the query or the body names an object, e.g. `query.project`. */
  readonly named: ReadonlySet<string>
  /** People that the body names, e.g. as the author of an annotation. */
  readonly people: NamedPeople
  /** The JSON body, if it is read. */
  readonly body: unknown
  /** Whether tasks are filtered or ordered by other people's work. */
  readonly findsByWork: boolean
  /** The account of the path, e.g. of `/api/users/7/`. */
  readonly account: number | undefined
}

/** Why a request is refused: a sentence for the person and a few words for the log. */
export interface Unread {
  readonly kind: 'unread'
  readonly status: 400 | 403 | 411 | 413 | 415
  readonly detail: string
  readonly reason: string
}

/** A matched endpoint. The body of the request may still have to be read. */
export interface Matched {
  readonly kind: 'matched'
  readonly endpoint: Endpoint
  readonly method: string
  readonly path: string
  readonly query: ReadonlyMap<string, string>
  readonly parameters: readonly Reference[]
  /** Bytes of the body to read; `undefined` if it is not read. */
  readonly bodyLength: number | undefined
}

/** The parts of a request that this module needs. */
export interface RawRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
}

/** Shown to a refused person: the same for other people's objects and for missing ones. */
export const refusalSentence = 'You may not do this. Ask your administrator for access.'

/** Maximum size of a JSON body that is read to see what it names. */
export const maxBodyBytes = 16 * 1024 * 1024
const tooLarge = 'The body is larger than 16 MiB. More tasks can be imported as a file.'

/** Maximum number of objects that a request may name: each may be a question to Label Studio. */
const maxNamed = 5_000

/** Routes that Django matches anywhere in a path. */
const unanchored =
  /(?:version|health|metrics|trigger500|data\/local-files)\/|samples\/(?:time-series\.csv|paragraphs\.json)/

/** Query parameters and body fields that Label Studio resolves to objects. */
const queryKinds: Readonly<Record<string, string>> = {
  project: 'project',
  task: 'task',
  task__project: 'project',
  view: 'tab',
  filepath: 'filepath',
}

/** Every body field that lets one Label Studio object refer to another. */
const bodyKinds: Readonly<Record<string, string>> = {
  project: 'project',
  task: 'task',
  view: 'tab',
  annotation: 'annotation',
  draft_id: 'draft',
  parent_annotation: 'annotation',
  parent_prediction: 'prediction',
  file_upload: 'upload',
  file_upload_id: 'upload',
  file_upload_ids: 'upload',
  label: 'label',
  model: 'ml',
  // These objects cannot be looked up, so the fields must be empty.
  model_run: 'modelRun',
  filter_group: 'filterGroup',
}
/** Of the other fields of an imported task, which an export writes, Label Studio reads none. */
const importKinds: Readonly<Record<string, string>> = { file_upload_id: 'upload' }
/** Fields that must not be empty: that would take the object out of every project. */
const mustBeGiven = new Set(['project', 'task', 'label'])
/** Fields with a list of numbers. */
const namesSeveral = new Set(['file_upload_ids', 'ids'])

const number = /^[0-9]{1,15}$/

interface Pattern {
  readonly endpoint: Endpoint
  readonly regex: RegExp
  readonly kinds: readonly string[]
}

/** Grouped by the first path segments, so that a request is not compared with all 300. */
const patterns = patternsByStart(endpoints.map(patternOf))

/**
 * Finds the endpoint from path and query as Django reads them, and refuses whatever Django might
 * read differently.
 */
export function matchRequest({ method, url, headers }: RawRequest): Matched | Unread {
  const [rawPath = '', ...rest] = url.split('?')
  const path = /[^\x21-\x7e]/.test(url) ? undefined : decodedPath(rawPath)
  if (path === undefined) return unread(400, 'This address is not written plainly.', 'path')
  const type = plainTypeOf(headers)
  if (type === undefined) return unread(415, 'Send a plain Content-Type, in UTF-8.', 'content type')
  const verb = method === 'HEAD' ? 'GET' : method
  const found = find(verb, path)
  if (!found) return unread(403, refusalSentence, 'unlisted')
  const { endpoint, parameters } = found
  const query = queryOf(rest.join('?'), endpoint)
  if (!query) return unread(400, 'A parameter of the address cannot be read.', 'query')
  const length = bodyLengthOf(headers)
  if (verb === 'GET' && length !== 0) {
    return unread(400, 'A request that only reads has no body.', 'body of GET')
  }
  if (endpoint.body === 'opaque' || length === 0 || isFile(endpoint, type)) {
    return {
      kind: 'matched',
      endpoint,
      method: verb,
      path,
      query,
      parameters,
      bodyLength: undefined,
    }
  }
  if (length === undefined) return unread(411, 'Send the length of the body.', 'body length')
  if (length > maxBodyBytes) return unread(413, tooLarge, 'body length')
  if (type !== 'application/json') return unread(415, 'Send JSON.', 'body type')
  return { kind: 'matched', endpoint, method: verb, path, query, parameters, bodyLength: length }
}

/** Reads every object that the request names in path, query and body. */
export function readRequest(matched: Matched, bytes: Buffer | undefined): ReadRequest | Unread {
  const { endpoint, method, path, query, parameters } = matched
  const body = bytes === undefined ? undefined : jsonOf(bytes)
  if (body === unreadable) return unread(400, 'This is not valid JSON.', 'body')
  const inQuery = endpoint.isPage ? [] : referencesInQuery(query)
  const naming = endpoint.body === 'file' ? wholeTasks(body) : body
  const inBody = referencesInBody(naming, endpoint)
  if (inBody && 'kind' in inBody) return inBody
  const named = peopleIn(naming, endpoint)
  if (!inQuery || !inBody || !named) {
    return unread(400, 'A number in the request cannot be read.', 'number')
  }
  const filter = endpoint.filters && filterIn(query)
  if (filter === unreadable) return unread(400, 'The filter cannot be read.', 'filter')
  const people = parameters.filter(({ kind }) => kind === 'user')
  const all = [...inQuery, ...inBody]
  const references = unique([
    ...parameters.filter(({ kind }) => kind !== 'user' && kind !== 'action'),
    ...all.map(({ reference }) => reference),
  ])
  if (references.length > maxNamed) return tooMany
  return {
    endpoint,
    method,
    path,
    query,
    body,
    findsByWork: endpoint.filters !== undefined && (findsByWork(filter) || findsByWork(body)),
    references,
    named: new Set(all.map(({ name }) => name)),
    people: named,
    account: people[0] === undefined ? undefined : Number(people[0].id),
  }
}

/**
 * The imported tasks that have fields of their own. Label Studio takes an object without `data` for
 * the data of a task, so whatever its columns are called, it names nothing.
 */
function wholeTasks(body: unknown): unknown {
  return [body].flat().filter((each) => isObject(each) && Object.hasOwn(each, 'data'))
}

/**
 * Parses the query. Of repeated parameters the last counts, but a repeated reference is refused,
 * except on pages.
 */
function queryOf(text: string, endpoint: Endpoint): ReadonlyMap<string, string> | undefined {
  const query = new Map<string, string>()
  for (const pair of text.split('&')) {
    if (pair === '') continue
    const [name, value] = [pair.split('=', 1)[0] ?? '', pair.slice(pair.indexOf('=') + 1)]
    const key = decodedText(name)
    const decoded = pair.includes('=') ? decodedText(value) : ''
    if (key === undefined || decoded === undefined) return undefined
    const isReference = Object.hasOwn(queryKinds, key) || key === 'ids' || key === 'id'
    if (query.has(key) && isReference && !endpoint.isPage) return undefined
    query.set(key, decoded)
  }
  return query
}

function find(method: string, path: string) {
  if (isTricky(path)) return undefined
  for (const { endpoint, regex, kinds } of candidates(path)) {
    if (!endpoint.methods.includes(method)) continue
    const match = regex.exec(path)
    if (!match) continue
    // Where a path has a free part, Django's unanchored routes may match first.
    if (endpoint.path.includes('{rest}') && unanchored.test(path)) return undefined
    return { endpoint, parameters: parametersOf(kinds, match.slice(1)) }
  }
  return undefined
}

/** The first one or two segments, as far as they contain no parameter. */
function startsOf(path: string): readonly string[] {
  const [, first = '', second = ''] = path.split('/', 3)
  return second === '' || second.includes('{') ? [first] : [`${first}/${second}`, first]
}

function patternsByStart(all: readonly Pattern[]): ReadonlyMap<string, readonly Pattern[]> {
  const starts = new Set(all.flatMap(({ endpoint }) => startsOf(endpoint.path)))
  const isBelow = (start: string, [longest = '', shortest = longest]: readonly string[]) =>
    start === longest || (start.startsWith(`${longest}/`) && longest === shortest)
  return new Map(
    [...starts].map((start) => [
      start,
      all.filter(({ endpoint }) => isBelow(start, startsOf(endpoint.path))),
    ]),
  )
}

function candidates(path: string): readonly Pattern[] {
  const [longest = '', shortest = longest] = startsOf(path)
  return patterns.get(longest) ?? patterns.get(shortest) ?? []
}

function parametersOf(kinds: readonly string[], values: readonly string[]): Reference[] {
  const project = values[kinds.indexOf('project')] ?? ''
  return kinds.flatMap((kind, index) => {
    if (['word', 'number', 'rest', 'file'].includes(kind)) return []
    const id = kind === 'action' ? (values[index] ?? '') : plainNumber(values[index] ?? '')
    return [{ kind, id: kind === 'export' ? `${plainNumber(project)}/${id}` : id }]
  })
}

function patternOf(endpoint: Endpoint): Pattern {
  const kinds: string[] = []
  const source = endpoint.path.replace(/\/$/, '').replace(/\{([^}]+)\}|[^{]+/g, (text, kind) => {
    if (kind === undefined) return text.replace(/[.*+?^$()|[\]\\]/g, '\\$&')
    kinds.push(kind)
    if (kind === 'rest') return '(.*)'
    return ['word', 'file', 'action'].includes(kind) ? '([^/]+)' : '([0-9]{1,15})'
  })
  return { endpoint, regex: new RegExp(`^${source}/?$`), kinds }
}

/** Decodes once, as WSGI does. Returns `undefined` if the result is not UTF-8. */
function decodedPath(path: string): string | undefined {
  if (!path.startsWith('/') || /[;#]/.test(path)) return undefined
  return decodedText(path, false)
}

/** Length of the body: 0 for none, `undefined` if the request does not state it. */
function bodyLengthOf(headers: IncomingHttpHeaders): number | undefined {
  if (headers['transfer-encoding'] !== undefined) return undefined
  return Number(headers['content-length'] ?? 0)
}

/** Forms contain files, and a task in a file names no other object. */
function isFile({ body }: Endpoint, type: string): boolean {
  return (
    body === 'file' && /^(?:multipart\/form-data|application\/x-www-form-urlencoded)$/.test(type)
  )
}

interface Named {
  readonly name: string
  readonly reference: Reference
}

function referencesInQuery(query: ReadonlyMap<string, string>): readonly Named[] | undefined {
  const found: Named[] = []
  for (const [name, value] of query) {
    const kind = Object.hasOwn(queryKinds, name) ? queryKinds[name] : undefined
    if (kind === undefined) continue
    const reference = kind === 'filepath' ? projectOfFile(value) : numbered(kind, value)
    if (!reference) return undefined
    found.push({ name: `query.${name}`, reference })
  }
  return found
}

/** Files are identified by their folder. Label Studio decodes the parameter once more. */
function projectOfFile(path: string): Reference | undefined {
  const id = /^upload\/([0-9]{1,15})\/[^/%\\]+$/.exec(path)?.[1]
  return id === undefined ? undefined : { kind: 'project', id: plainNumber(id) }
}

function referencesInBody(
  body: unknown,
  { needs = [], body: form, bodyId, bodyIds }: Endpoint,
): readonly Named[] | Unread | undefined {
  const ids = { ...(bodyId && { id: bodyId }), ...(bodyIds && { ids: bodyIds }) }
  const kinds = form === 'file' ? importKinds : { ...bodyKinds, ...ids }
  if (!Array.isArray(body)) return isObject(body) ? referencesIn(body, kinds) : []
  const found = []
  for (const each of body) {
    const named = isObject(each) ? referencesIn(each, kinds) : []
    if (!named || 'kind' in named) return named
    found.push(named)
  }
  const needed = needs.filter((name) => name.startsWith('body.'))
  const isWhole = found.every((each) => {
    const names = new Set(each.map(({ name }) => name))
    return needed.length === 0 || needed.some((name) => names.has(name))
  })
  return isWhole ? found.flat() : undefined
}

function referencesIn(
  body: Readonly<Record<string, unknown>>,
  kinds: Readonly<Record<string, string>>,
): readonly Named[] | Unread | undefined {
  const found: Named[] = []
  for (const [name, kind] of Object.entries(kinds)) {
    if (!Object.hasOwn(body, name)) continue
    const value = body[name]
    // Label Studio's application sends empty fields as null or 0.
    const isEmpty = value === null || value === 0 || value === ''
    if (isEmpty && !mustBeGiven.has(name)) continue
    const several = namesSeveral.has(name) && Array.isArray(value) ? value : [value]
    if (several.length > maxNamed) return tooMany
    for (const each of several) {
      const reference = numbered(kind, each)
      if (!reference) return undefined
      found.push({ name: `body.${name}`, reference })
    }
  }
  return found
}

/** Accepts plain digits only: Python's `int` reads more, such as `+7`, ` 7` and `7_0`. */
function numbered(kind: string, value: unknown): Reference | undefined {
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) && value >= 0 ? { kind, id: String(value) } : undefined
  }
  if (typeof value !== 'string' || !number.test(value)) return undefined
  return { kind, id: plainNumber(value) }
}

/** Django reads `007` as 7. */
function plainNumber(digits: string): string {
  return String(Number(digits))
}

function unique(references: readonly Reference[]): readonly Reference[] {
  return [...new Map(references.map((each) => [`${each.kind} ${each.id}`, each])).values()]
}

const tooMany = unread(413, `A request can name ${maxNamed} objects.`, 'too many objects')

function unread(status: Unread['status'], detail: string, reason: string): Unread {
  return { kind: 'unread', status, detail, reason }
}
