import { setMaxListeners } from 'node:events'
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import { stopwatch } from '../../../lib/adapter/index.js'
import { isLabelStudioError } from './errors.js'

const maxAtOnce = 200
/** Failures that do not depend on the people in a request, e.g. because the project is gone. */
const aboutAll = [
  'unavailable',
  'rateLimited',
  'unauthorized',
  'forbidden',
  'featureAbsent',
  'notFound',
] as const

/**
 * Answers for several questions of a group at once; without an answer: `undefined`. The signal is
 * aborted when one of those who ask no longer waits: a change must not be sent, or sent again, with
 * theirs among the questions. It is then asked for the others.
 */
export type AskTogether<K, V> = (
  group: number,
  questions: readonly K[],
  signal: AbortSignal,
) => Promise<ReadonlyMap<K, V>>

interface Waiting<K, V> {
  readonly question: K
  readonly signal: AbortSignal | undefined
  readonly resolve: (answer: V | undefined) => void
  readonly reject: (reason: unknown) => void
}

/** How questions are combined. */
interface Gathering {
  /**
   * A request is sent when no question has come for so long, or after ten times as long; 0: it is
   * sent with the questions of the same turn. Default 25.
   */
  readonly gatherMs?: number
  /** Whether questions wait for an earlier request about their group. Default true. */
  readonly isWaiting?: boolean
}

/**
 * Combines questions about the same group, e.g. a project, of people who are worked on together:
 * one request answers all of them. If it is refused, each question is asked alone, so that nobody
 * fails because of another.
 */
export function together<K, V>(
  ask: AskTogether<K, V>,
  { gatherMs = 25, isWaiting = true }: Gathering = {},
) {
  const groups = new Map<number, Waiting<K, V>[]>()

  const answer = async (group: number, asked: readonly Waiting<K, V>[]): Promise<void> => {
    // Those who no longer wait must not be part of a request that is sent after they ended.
    const all = asked.filter(({ signal }) => !signal?.aborted)
    if (all.length === 0) return
    const left = anyOf(all.flatMap(({ signal }) => signal ?? []))
    try {
      const questions = all.map(({ question }) => question)
      const answers = await ask(group, questions, left.signal)
      for (const { question, resolve } of all) resolve(answers.get(question))
    } catch (error) {
      const isAboutAll = isLabelStudioError(error, ...aboutAll)
      if (left.signal.aborted) await answer(group, all)
      else if (all.length === 1 || isAboutAll) for (const { reject } of all) reject(error)
      else for (const each of all) await answer(group, [each])
    } finally {
      left.finish()
    }
  }
  const run = async (group: number, waiting: Waiting<K, V>[]): Promise<void> => {
    do {
      await gather(waiting, gatherMs)
      if (!isWaiting) groups.delete(group)
      await answer(group, waiting.splice(0, maxAtOnce))
    } while (waiting.length > 0)
    if (isWaiting) groups.delete(group)
  }

  return (group: number, question: K, signal?: AbortSignal): Promise<V | undefined> =>
    untilAborted(
      new Promise((resolve, reject) => {
        const waiting = groups.get(group) ?? []
        waiting.push({ question, signal, resolve, reject })
        if (groups.has(group)) return
        groups.set(group, waiting)
        void run(group, waiting)
      }),
      signal,
    )
}

async function gather(waiting: readonly unknown[], gatherMs: number): Promise<void> {
  if (gatherMs === 0) return void (await nextTurn())
  const until = performance.now() + 10 * gatherMs
  for (let count = 0; count < waiting.length; ) {
    count = waiting.length
    await pause(gatherMs)
    if (count >= maxAtOnce || performance.now() >= until) return
  }
}

/**
 * A signal that is aborted with the first of these. Not `AbortSignal.any`: on Node 20 it keeps
 * every derived signal alive as long as a long-lived parent.
 */
function anyOf(signals: readonly AbortSignal[]) {
  const controller = new AbortController()
  const abort = () => controller.abort()
  for (const signal of signals) {
    setMaxListeners(0, signal)
    signal.addEventListener('abort', abort)
  }
  const finish = () => {
    for (const signal of signals) signal.removeEventListener('abort', abort)
  }
  return { signal: controller.signal, finish }
}

/** One person's signal ends their waiting, but not a request that others share. */
async function untilAborted<T>(answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return answer
  answer.catch(() => undefined)
  signal.throwIfAborted()
  // A person may ask about any number of projects at once.
  setMaxListeners(0, signal)
  let onAbort = () => {}
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([answer, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** A request shared by all who ask before it is sent; whoever asks later waits for the next one. */
export function shared<T>(
  request: () => Promise<T>,
  gatherMs = 0,
): (signal?: AbortSignal) => Promise<T> {
  const ask = together<undefined, { readonly answer: T }>(
    async () => new Map([[undefined, { answer: await request() }]]),
    { gatherMs },
  )
  return async (signal) => ((await ask(0, undefined, signal)) as { answer: T }).answer
}

/** A list that can answer many questions at once. */
export interface ListSource<K, V> {
  readonly list: () => Promise<{ readonly size: number; get(key: K): V | undefined }>
  /** About how many items cost as much as a request about one of them. */
  readonly itemsPerRequest: number
}

/** Until a list was read, it is taken for one that costs as much as this many requests. */
const costOfUnknownList = 25

/**
 * Reads a list when so many ask in the same turn that it costs less than a request for each. The
 * answer is `undefined` if the list has none, or if the item has to be requested alone.
 */
export function fromList<K, V>({ list, itemsPerRequest }: ListSource<K, V>) {
  let size = costOfUnknownList * itemsPerRequest
  const listed = shared(list)
  const ask = together<K, V | undefined>(
    async (_, keys) => {
      if (keys.length * itemsPerRequest < size) return new Map()
      const all = await listed()
      size = all.size
      return new Map(keys.map((key) => [key, all.get(key)]))
    },
    { gatherMs: 10, isWaiting: false },
  )
  return (key: K, signal?: AbortSignal) => ask(0, key, signal)
}

/** The answer to a request, not older than `maxAgeMs`. Failures are not kept. */
export function recent<T>(
  request: () => Promise<T>,
  maxAgeMs: number,
): (signal?: AbortSignal) => Promise<T> {
  const ask = shared(request)
  let known: { readonly age: () => number; readonly answer: T } | undefined
  return async (signal) => {
    if (known && known.age() < maxAgeMs) return known.answer
    const age = stopwatch()
    const answer = await ask(signal)
    known = { age, answer }
    return answer
  }
}
