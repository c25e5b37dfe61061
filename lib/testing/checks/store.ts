import { storeErrorKind } from '../../stores/index.js'
import { omitNothing } from '../../stores/reads.js'
import { expectThat } from '../assert.js'
import type { Check, CheckContext } from '../check.js'
import { type Subject, writeOf } from '../subject.js'

/** Defines a check of this subject's store. */
export function define(
  subject: Subject,
  check: Omit<Check, 'appliesTo'> & Partial<Pick<Check, 'appliesTo'>>,
): Check {
  const { appliesTo = () => true } = check
  return {
    ...check,
    id: `${subject.name}.${check.id}`,
    appliesTo: (adapters) => subject.has(adapters) && appliesTo(adapters),
  }
}

/** Reads the resource with this id. */
export function read({ adapters, scope }: CheckContext, { store }: Subject, id: string) {
  return store(adapters).get(scope, id, omitNothing)
}

/** Replaces `before` by `next`. */
export function replace(
  { adapters, scope }: CheckContext,
  { store }: Subject,
  next: { readonly id: string } & Parameters<ReturnType<Subject['store']>['replace']>[1],
  before: { readonly meta: { readonly version: string } },
) {
  const { version: expectedVersion } = before.meta
  return store(adapters).replace(scope, next, { ...writeOf(next), expectedVersion })
}

/** The first 100 resources of the type. */
export function firstPage({ adapters, scope }: CheckContext, { store }: Subject) {
  const page = { kind: 'index', offset: 0, limit: 100 } as const
  return store(adapters).query(scope, { ...omitNothing, page })
}

/** Ids, sorted. */
export function sortedIds(resources: readonly { readonly id: string }[]): readonly string[] {
  return resources.map(({ id }) => id).sort()
}

/** Fails if one of the errors is not this store error. */
export function expectKinds(
  errors: readonly (Error | undefined)[],
  kind: ReturnType<typeof storeErrorKind>,
): void {
  const others = errors.filter((error) => error !== undefined && storeErrorKind(error) !== kind)
  expectThat(others.length === 0, `Those that failed must fail with "${kind}", not ${others[0]}`)
}
