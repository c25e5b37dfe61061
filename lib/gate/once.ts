import type { Adapters } from '../stores/adapters.js'
import type { GroupStore } from '../stores/group-store.js'
import type { Scope } from '../stores/scope.js'
import type { Identity, LookUpStatus } from './decide.js'

/** Caches answers by key, for one unit of work on the stores. */
function oncePerScope<T>() {
  const known = new WeakMap<Scope, Map<string, Promise<T>>>()
  return (scope: Scope, key: string, work: () => Promise<T>): Promise<T> => {
    const answers = known.get(scope) ?? new Map<string, Promise<T>>()
    known.set(scope, answers)
    const answer = answers.get(key) ?? work()
    answers.set(key, answer)
    return answer
  }
}

/**
 * Resolves each person's access once per unit of work: deciding who may enter and what they may do
 * both need it.
 */
export function resolvingOnce(adapters: Adapters): Adapters {
  const { groups } = adapters
  const once = oncePerScope<Awaited<ReturnType<GroupStore['resolveAccess']>>>()
  const resolveAccess: GroupStore['resolveAccess'] = (scope, user) =>
    once(scope, user.id, () => groups.resolveAccess(scope, user))
  return { ...adapters, groups: { ...groups, resolveAccess } }
}

/** Looks up each person once per unit of work. */
export function lookingUpOnce(lookUpStatus: LookUpStatus): LookUpStatus {
  const once = oncePerScope<Awaited<ReturnType<LookUpStatus>>>()
  return (scope, identity) => once(scope, keyOf(identity), () => lookUpStatus(scope, identity))
}

function keyOf({ accountId, email, since }: Identity): string {
  return `${accountId ?? ''} ${email ?? ''} ${since ?? ''}`
}
