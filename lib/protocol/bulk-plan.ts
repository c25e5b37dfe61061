import { referencesOf } from './bulk-references.js'
import type { CheckedOperation } from './bulk-request.js'

/** Operations that run one after the other. */
export interface BulkStep {
  /**
   * Indexes of operations. Several, or one with deferred references, are a circle: POSTs whose
   * resources all need each other.
   */
  readonly operations: readonly number[]
  /**
   * By index: the bulkIds that a POST in a circle is first created without; they are added once all
   * of the circle is created.
   */
  readonly deferred: ReadonlyMap<number, ReadonlySet<string>>
}

/** What each operation needs, by index, in the order of the request. */
type Needs = ReadonlyMap<number, Iterable<number>>

/**
 * Plans a bulk request: operations run in their order, but one that needs a later operation runs
 * right after that (RFC 7644 §3.7.1). A circle runs as a whole, and what needs one of it runs
 * afterwards, so that it sees all of it or nothing. Takes linear time.
 *
 * @param operations `undefined` for those that are invalid
 */
export function planBulk(
  operations: readonly (CheckedOperation | undefined)[],
): readonly BulkStep[] {
  const needs = needsOf(operations)
  const circles = circlesIn(needs)
  return inOrder(needsOfCircles(circles, needs)).order.map((number) => {
    const circle = circles[number] ?? []
    const { order, deferred } = inOrder(among(circle, needs))
    const bulkIds = (indexes: Iterable<number>) =>
      new Set([...indexes].flatMap((index) => operations[index]?.bulkId ?? []))
    return {
      operations: order,
      deferred: new Map([...deferred].map(([index, later]) => [index, bulkIds(later)])),
    }
  })
}

function needsOf(operations: readonly (CheckedOperation | undefined)[]): Needs {
  const creators = new Map<string, number>()
  for (const [index, operation] of operations.entries()) {
    if (operation?.method !== 'POST' || operation.bulkId === undefined) continue
    if (!creators.has(operation.bulkId)) creators.set(operation.bulkId, index)
  }
  const needed = (operation: CheckedOperation) =>
    [...referencesOf(operation)].flatMap((bulkId) => creators.get(bulkId) ?? [])
  return new Map(
    operations.map((operation, index) => [index, operation === undefined ? [] : needed(operation)]),
  )
}

/**
 * The operations in groups that need each other (strongly connected components, by Kosaraju's
 * algorithm), in the order of their last operations.
 */
function circlesIn(needs: Needs): number[][] {
  const seen = new Set<number>()
  const needing = invert(needs)
  const last = [...needs.keys()].flatMap((index) => walk(index, needs, seen)).reverse()
  const taken = new Set<number>()
  return last
    .map((index) => walk(index, needing, taken).sort((a, b) => a - b))
    .filter((circle) => circle.length > 0)
    .sort((a, b) => (a.at(-1) ?? 0) - (b.at(-1) ?? 0))
}

/**
 * What can be reached and has not been seen, each after what it leads to. Without recursion,
 * because a chain can be as long as a request.
 */
function walk(first: number, graph: Needs, seen: Set<number>): number[] {
  const left: number[] = []
  const path: { readonly index: number; readonly next: Iterator<number> }[] = []
  const enter = (index: number): void => {
    if (seen.has(index)) return
    seen.add(index)
    path.push({ index, next: (graph.get(index) ?? [])[Symbol.iterator]() })
  }
  enter(first)
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const { done, value } = top.next.next()
    if (!done) enter(value)
    else left.push(path.pop()?.index ?? 0)
  }
  return left
}

/** What each circle needs of the others, by number. */
function needsOfCircles(circles: readonly (readonly number[])[], needs: Needs): Needs {
  const numberOf = new Map(
    circles.flatMap((circle, number) => circle.map((index) => [index, number] as const)),
  )
  const needed = (circle: readonly number[], number: number) =>
    circle
      .flatMap((index) => [...(needs.get(index) ?? [])].map((each) => numberOf.get(each) ?? number))
      .filter((each) => each !== number)
  return new Map(circles.map((circle, number) => [number, needed(circle, number)]))
}

/** The needs within a circle. */
function among(circle: readonly number[], needs: Needs): Needs {
  const within = new Set(circle)
  return new Map(
    circle.map((index) => [
      index,
      [...(needs.get(index) ?? [])].filter((each) => within.has(each)),
    ]),
  )
}

/**
 * The order in which all can run. Where all that are left need each other, the first of them runs
 * without what it lacks, which is deferred.
 */
function inOrder(needs: Needs) {
  const lacking = new Map([...needs].map(([index, needed]) => [index, new Set(needed)]))
  const needing = invert(needs)
  const order: number[] = []
  const deferred = new Map<number, readonly number[]>()
  const reached = new Set<number>()
  const run = (first: number): void => {
    const ready = [first]
    for (const index of ready) {
      order.push(index)
      for (const dependent of needing.get(index) ?? []) {
        const left = lacking.get(dependent)
        if (left?.delete(index) && left.size === 0 && reached.has(dependent)) ready.push(dependent)
      }
    }
  }
  for (const [index, left] of lacking) {
    reached.add(index)
    if (left.size === 0) run(index)
  }
  for (const [index, left] of lacking) {
    if (left.size === 0) continue
    deferred.set(index, [...left])
    left.clear()
    run(index)
  }
  return { order, deferred }
}

function invert(graph: Needs): ReadonlyMap<number, readonly number[]> {
  const inverted = new Map<number, number[]>([...graph.keys()].map((index) => [index, []]))
  for (const [index, needed] of graph) {
    for (const each of needed) inverted.get(each)?.push(index)
  }
  return inverted
}
