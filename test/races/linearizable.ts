/** One thing that a request did, at some moment between its beginning and its end. */
export interface Effect<State> {
  /** For the report, e.g. `GET /Users/7: 404`. */
  readonly name: string
  /** The state after it; `undefined` if this state cannot have given the answer. */
  readonly from: (state: State) => State | undefined
  /** It may also not have happened. */
  readonly isOptional?: boolean
}

interface Recorded<State> {
  effects: readonly Effect<State>[]
}

type Moment<State> = readonly [kind: 'begins' | 'ends', request: Recorded<State>]

/** The requests of clients that run at the same time, in the order of their beginnings and ends. */
export interface History<State> {
  readonly moments: readonly Moment<State>[]
  /** Sends a request, and records what its answer says that happened. */
  record<Answer>(
    send: () => Promise<Answer>,
    effectsOf: (answer: Answer) => readonly Effect<State>[],
  ): Promise<void>
}

export function newHistory<State>(): History<State> {
  const moments: Moment<State>[] = []
  return {
    moments,
    async record(send, effectsOf) {
      const request: Recorded<State> = { effects: [] }
      moments.push(['begins', request])
      request.effects = effectsOf(await send())
      moments.push(['ends', request])
    },
  }
}

/** A state in which the service may be, and the effects under way that have happened already. */
interface Possible<State> {
  readonly state: State
  readonly done: ReadonlySet<Effect<State>>
}

/**
 * Why no order of the effects explains all answers of a history; `undefined` if one does. It
 * follows the history with every state that is possible at each moment, and knows of the service
 * only what the effects say. States are JSON.
 */
export function unexplained<State>(history: History<State>, first: State): string | undefined {
  const names = new Map<Effect<State>, number>()
  const keyOf = ({ state, done }: Possible<State>) =>
    `${JSON.stringify(state)} ${[...done].map((effect) => names.get(effect)).sort()}`
  const distinct = (list: readonly Possible<State>[]) => [
    ...new Map(list.map((each) => [keyOf(each), each])).values(),
  ]
  const underWay = new Set<Effect<State>>()
  let possible: readonly Possible<State>[] = [{ state: first, done: new Set() }]
  for (const [kind, { effects }] of history.moments) {
    for (const effect of effects) {
      if (kind === 'begins') {
        names.set(effect, names.size)
        underWay.add(effect)
        continue
      }
      const reached = closure(possible, underWay, keyOf)
      const left = reached.filter(({ done }) => effect.isOptional || done.has(effect))
      if (left.length === 0) return report(history, effect, possible)
      underWay.delete(effect)
      possible = distinct(left.map((each) => ({ ...each, done: without(each.done, effect) })))
    }
  }
  return undefined
}

/** These, and what any effects under way make of them, in any order. */
function closure<State>(
  possible: readonly Possible<State>[],
  underWay: ReadonlySet<Effect<State>>,
  keyOf: (each: Possible<State>) => string,
): readonly Possible<State>[] {
  const found = new Map(possible.map((each) => [keyOf(each), each]))
  for (const { state, done } of found.values()) {
    for (const effect of underWay) {
      const next = done.has(effect) ? undefined : effect.from(state)
      if (next === undefined) continue
      const reached = { state: next, done: new Set([...done, effect]) }
      const key = keyOf(reached)
      if (!found.has(key)) found.set(key, reached)
    }
  }
  return [...found.values()]
}

function without<T>(set: ReadonlySet<T>, item: T): ReadonlySet<T> {
  return new Set([...set].filter((each) => each !== item))
}

/** The possible states before the end of an effect, and everything up to there. */
function report<State>(
  { moments }: History<State>,
  effect: Effect<State>,
  possible: readonly Possible<State>[],
): string {
  const requests = [...new Set(moments.map(([, request]) => request))]
  const last = moments.findIndex(
    ([kind, { effects }]) => kind === 'ends' && effects.includes(effect),
  )
  const lines = moments.slice(0, last + 1).map(([kind, request]) => {
    const names = request.effects.map(({ name }) => name)
    return `${requests.indexOf(request)} ${kind}: ${names.join('; ')}`
  })
  const states = possible.map(({ state }) => JSON.stringify(state))
  return [...lines, `${effect.name} cannot come from`, ...new Set(states)].join('\n')
}
