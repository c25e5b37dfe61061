import { tell } from '../events/emitter.js'
import type { CompiledSchemas } from '../schema/compile.js'
import type { JsonObject } from '../schema/types.js'
import { anonymizeBody, type Replacements } from './anonymize.js'
import { expectedOf } from './expected.js'
import { anonymizeQuery } from './expressions.js'
import { createKnownResources, type KnownResources, placeOf } from './known-resources.js'
import { createPlaceholders } from './placeholders.js'
import type { ExchangeStep } from './transcript.js'

/** One request and its answer, unchanged. */
export interface RecordedExchange {
  readonly method: string
  /** Below the base URL, with the query as sent. */
  readonly url: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body?: JsonObject
  readonly baseUrl: string
  readonly status: number
  readonly answer?: JsonObject
}

/** Called with every anonymised exchange, as a step of a {@link Transcript}. */
export type RecordStep = (step: ExchangeStep) => unknown

/** Records an exchange; `report` is called with what the host's function throws. */
export type Recorder = (exchange: RecordedExchange, report: (error: unknown) => void) => void

/** Headers that identify the client software; never credentials. */
const recordedHeaders = ['accept', 'content-type', 'user-agent']
const speaksOfSecrets = /pass(word|phrase)|secret|token|credential|authorization/
/** Answers that depend on time or versions, which a replay cannot reproduce. */
const passedOver = [304, 401, 403, 412, 429, 500, 503]
const maxSteps = 10_000

/**
 * Makes a recorder: a function to call with every exchange. It passes each to `record` as a step of
 * a transcript, with every value replaced and without credentials. The same value always gets the
 * same replacement. Additional steps create the resources that existed before the recording. Bulk
 * requests are skipped.
 */
export function createRecorder(types: CompiledSchemas, record: RecordStep): Recorder {
  const known = createKnownResources()
  const placeholders = createPlaceholders()
  const secrets = secretNames(types)
  let steps = 0
  return (exchange, report) => {
    if (steps >= maxSteps || passedOver.includes(exchange.status)) return
    const segments = segmentsOf(exchange.url)
    if (segments[0] === 'Bulk') return
    const { baseUrl } = exchange
    const replacements: Replacements = {
      text: (text) => known.withPlaces(text, baseUrl) ?? placeholders.of(text),
      isSecret: (name) => secrets.has(name) || speaksOfSecrets.test(name),
    }
    const recording = { types, known, replacements }
    for (const step of [...givenSteps(recording, exchange), stepOf(recording, exchange)]) {
      steps += 1
      tell(record, [step], report)
    }
  }
}

/** The state of a recorder. */
export interface Recording {
  readonly types: CompiledSchemas
  readonly known: KnownResources
  readonly replacements: Replacements
}

function stepOf(recording: Recording, exchange: RecordedExchange): ExchangeStep {
  const { method, headers, body, status, answer } = exchange
  const created = method === 'POST' && status === 201 ? answer : undefined
  // The id of an unnamed resource could not be filled in on replay.
  const sent = {
    method,
    path: pathOf(recording, exchange.url),
    headers: headersOf(headers),
    ...(body !== undefined && { body: anonymizeBody(body, recording.replacements) }),
  }
  const save = created && register(recording, created)
  const expected = expectedOf(recording, exchange, { isCreated: save !== undefined })
  return { request: sent, expected, ...(save !== undefined && { save }) }
}

/**
 * Steps that create the resources which an exchange shows to have existed before, in their state
 * after the exchange.
 */
function givenSteps(recording: Recording, exchange: RecordedExchange): ExchangeStep[] {
  const { method, url, status, answer } = exchange
  if (status >= 300 || (method === 'POST' && status === 201)) return []
  const listed = answer?.['Resources']
  const shown = Array.isArray(listed) ? listed : [answer]
  const steps = shown.flatMap((resource) => given(recording, resource as JsonObject | undefined))
  const [endpoint = '', id] = segmentsOf(url)
  const type = typeAt(recording.types, endpoint)
  if (!id || type === undefined || id.startsWith('.')) return steps
  // A 204 does not show the resource.
  const bare = { id, meta: { resourceType: type.name } }
  return recording.known.nameOf(id) === undefined
    ? [...steps, ...given(recording, bare, requiredOf(type.name, id))]
    : steps
}

function given(
  recording: Recording,
  resource: JsonObject | undefined,
  required: JsonObject = {},
): ExchangeStep[] {
  const { types, known, replacements } = recording
  const meta = resource?.['meta'] as JsonObject | undefined
  const type = types.byName.get(String(meta?.['resourceType']))
  const id = resource?.['id']
  if (resource === undefined || type === undefined || typeof id !== 'string') return []
  if (known.nameOf(id) !== undefined) return []
  const { id: _, meta: __, groups: ___, members: ____, ...attributes } = resource
  const body = anonymizeBody({ ...attributes, ...required }, replacements)
  return [
    {
      note: 'there before the recording',
      request: { method: 'POST', path: type.endpoint, headers: json, body },
      expected: { status: 201 },
      save: known.add(id, type.name),
    },
  ]
}

const json = { 'content-type': 'application/scim+json' }

function requiredOf(typeName: string, id: string): JsonObject {
  return typeName === 'Group' ? { displayName: `Group ${id}` } : { userName: `user ${id}` }
}

function register({ known }: Recording, { id, meta }: JsonObject): string | undefined {
  if (typeof id !== 'string') return undefined
  return known.add(id, String((meta as JsonObject | undefined)?.['resourceType']))
}

function typeAt({ types }: CompiledSchemas, endpoint: string) {
  return types.find((type) => type.endpoint === `/${endpoint}`)
}

const discovery = ['ServiceProviderConfig', 'ResourceTypes', 'Schemas']

function pathOf({ types, known, replacements }: Recording, url: string): string {
  const mark = url.indexOf('?')
  const [endpoint = '', id, ...rest] = segmentsOf(url)
  const isKnown = typeAt(types, endpoint) !== undefined || discovery.includes(endpoint)
  const first = isKnown || ['Me', '.search', ''].includes(endpoint) ? endpoint : 'unknown'
  const segments = [
    first,
    ...(id === undefined ? [] : [idSegment(id)]),
    ...rest.map((text) => (text === '' ? '' : 'more')),
  ]
  const path = `/${segments.join('/')}`
  if (mark < 0) return path
  return `${path}?${anonymizeQuery(url.slice(mark + 1), replacements.text)}`

  function idSegment(text: string): string {
    if (text === '' || text.startsWith('.') || discovery.includes(endpoint)) return text
    const name = known.nameOf(text)
    return name === undefined ? encodeURIComponent(replacements.text(text)) : placeOf(name)
  }
}

/** Path segments, percent-decoded; a trailing slash gives an empty one. */
function segmentsOf(url: string): string[] {
  const [path = ''] = url.split('?')
  return path.split('/').slice(1).map(decodedSegment)
}

function decodedSegment(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return 'malformed'
  }
}

function headersOf(headers: RecordedExchange['headers']): Record<string, string> {
  return Object.fromEntries(
    recordedHeaders.flatMap((name) => {
      const value = headers[name]
      return typeof value === 'string' ? [[name, value]] : []
    }),
  )
}

function secretNames(types: CompiledSchemas): ReadonlySet<string> {
  const attributes = types.schemas.flatMap((schema) => schema.attributes)
  const hidden = attributes.filter(({ returned }) => returned === 'never')
  return new Set(hidden.map(({ name }) => name.toLowerCase()))
}
