import type {
  ExchangeStep,
  Expected,
  Transcript,
  TranscriptRequest,
} from '../../lib/recorder/transcript.js'
import type { Json, JsonObject } from '../../lib/schema/types.js'
import { match } from './transcripts-match.js'

/** A request to send. */
export interface OutgoingRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly text?: string
}

export interface Incoming {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/** A service provider to replay a transcript against. */
export interface ReplayTarget {
  readonly baseUrl: string
  /** Sends a request with an actor's token to a router with the usual options and these. */
  send(
    request: OutgoingRequest,
    about: { readonly actor: string; readonly options: JsonObject },
  ): Promise<Incoming>
}

export interface ReplayOptions {
  /**
   * Sends steps that need a deviation to a router without it first: `each` turns off only that
   * deviation, `strict` sets `strict: true`.
   */
  readonly without?: 'each' | 'strict'
}

/** Sends a transcript's requests in order. Throws at the first unexpected answer. */
export async function replay(
  transcript: Transcript,
  target: ReplayTarget,
  { without }: ReplayOptions = {},
): Promise<void> {
  const saved = new Map<string, Json>([['baseUrl', target.baseUrl]])
  const session: Session = { transcript, target, saved }
  for (const [index, step] of transcript.steps.entries()) {
    const at = `step ${index + 1}`
    if ('parallel' in step) {
      const answers = await Promise.all(step.parallel.map((each) => exchange(session, each, at)))
      const found = answers.map(({ status }) => status).sort()
      const wanted = [...(step.statuses ?? found)].sort()
      if (wanted.join() !== found.join()) throw new Error(`${at}: statuses ${found.join()}`)
    } else if ('repeat' in step) {
      const { name, from, to } = step.repeat
      for (let count = from; count <= to; count += 1) {
        saved.set(name, count)
        for (const each of step.steps) await exchange(session, each, `${at}, ${name} ${count}`)
      }
    } else {
      if (without !== undefined) await refuse(session, step, { at, without })
      await exchange(session, step, at)
    }
  }
}

/** The deviations that a transcript's steps need. */
export function deviationsOf({ steps }: Transcript): readonly string[] {
  return steps.flatMap((step) =>
    'off' in step ? (step.off ?? []).map(({ deviation }) => deviation) : [],
  )
}

interface Session {
  readonly transcript: Transcript
  readonly target: ReplayTarget
  readonly saved: Map<string, Json>
}

async function refuse(
  session: Session,
  step: ExchangeStep,
  { at, without }: { readonly at: string; readonly without: 'each' | 'strict' },
): Promise<void> {
  const { off = [] } = step
  for (const { deviation, expected } of without === 'strict' ? off.slice(0, 1) : off) {
    const options = without === 'strict' ? { strict: true } : { deviations: { [deviation]: false } }
    const { save: _, ...plain } = step
    await exchange(session, { ...plain, expected }, `${at} without ${deviation}`, options)
  }
}

async function exchange(
  { transcript, target, saved }: Session,
  { note, actor = 'first', request, expected, save }: ExchangeStep,
  at: string,
  options: JsonObject = {},
): Promise<Incoming> {
  const outgoing = outgoingOf(transcript, request, saved)
  const answer = await target.send(outgoing, {
    actor,
    options: { ...transcript.options, ...options },
  })
  const body = answer.text === '' ? undefined : (JSON.parse(answer.text) as Json)
  const differences = differencesOf(fillExpected(expected, saved), { ...answer, body })
  if (differences.length > 0) {
    const sent = `${outgoing.method} ${outgoing.path} ${outgoing.text ?? ''}`
    throw new Error(
      `${at}${note === undefined ? '' : ` (${note})`}: ` +
        `${differences.join('\n')}\nsent ${sent}\ngot ${answer.status} ${answer.text}`,
    )
  }
  if (save !== undefined) {
    if (body === undefined) throw new Error(`${at}: there is no body to save as ${save}`)
    saved.set(save, body)
  }
  return answer
}

function outgoingOf(
  { headers, bodyHeaders }: Transcript,
  request: TranscriptRequest,
  saved: ReadonlyMap<string, Json>,
): OutgoingRequest {
  const text =
    request.text ??
    (request.body === undefined ? undefined : JSON.stringify(fill(request.body, saved)))
  return {
    method: request.method,
    path: fillText(request.path, saved),
    headers: fill(
      { ...headers, ...(text !== undefined && bodyHeaders), ...request.headers },
      saved,
    ) as Record<string, string>,
    ...(text !== undefined && { text }),
  }
}

function fillExpected(expected: Expected, saved: ReadonlyMap<string, Json>): Expected {
  const { headers, body } = expected
  return {
    ...expected,
    ...(headers && { headers: fill(headers, saved) as Record<string, string> }),
    ...(body !== undefined && { body: fill(body, saved) }),
  }
}

function differencesOf(
  { status, headers = {}, body }: Expected,
  answer: Omit<Incoming, 'text'> & { readonly body: Json | undefined },
): string[] {
  const statuses = [status].flat()
  const found = Object.fromEntries(
    Object.keys(headers).map((name) => [name, String(answer.headers[name.toLowerCase()] ?? '')]),
  )
  return [
    ...(statuses.includes(answer.status)
      ? []
      : [`status is ${answer.status}, not ${statuses.join(' or ')}`]),
    ...match(headers, found, 'headers'),
    ...(body === undefined ? [] : match(body, answer.body)),
  ]
}

/** Replaces each `${…}` in a value by the saved value. */
function fill(value: Json, saved: ReadonlyMap<string, Json>): Json {
  if (typeof value === 'string') {
    const whole = /^\$\{([^}]+)\}$/.exec(value)?.[1]
    return whole === undefined ? fillText(value, saved) : lookUp(whole, saved)
  }
  if (Array.isArray(value)) return value.map((item: Json) => fill(item, saved))
  if (typeof value !== 'object' || value === null) return value
  return Object.assign(
    {},
    ...Object.entries(value).map(([key, item]) =>
      key === '...' ? fill(item, saved) : { [fillText(key, saved)]: fill(item, saved) },
    ),
  )
}

function fillText(text: string, saved: ReadonlyMap<string, Json>): string {
  return text.replace(/\$\{([^}]+)\}/g, (_, name: string) => String(lookUp(name, saved)))
}

function lookUp(name: string, saved: ReadonlyMap<string, Json>): Json {
  const [first = '', ...rest] = name.split('.')
  let value = saved.get(first)
  for (const key of rest) value = (value as Record<string, Json> | undefined)?.[key]
  if (value === undefined) throw new Error(`Nothing is saved as ${name}.`)
  return value
}
