import type { Adapters } from '../stores/adapters.js'
import type { GroupStore } from '../stores/group-store.js'
import type { Scope } from '../stores/scope.js'
import type { Identity, LookUpStatus } from './decide.js'

/** Answers of one piece of work on the stores, by key. */
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

/** Who may come in and what they may do are two questions of one piece of work, with one answer. */
export function resolvingOnce(adapters: Adapters): Adapters {
  const { groups } = adapters
  const once = oncePerScope<Awaited<ReturnType<GroupStore['resolveAccess']>>>()
  const resolveAccess: GroupStore['resolveAccess'] = (scope, user) =>
    once(scope, user.id, () => groups.resolveAccess(scope, user))
  return { ...adapters, groups: { ...groups, resolveAccess } }
}

/** Looks each person up once in one piece of work. */
export function lookingUpOnce(lookUpStatus: LookUpStatus): LookUpStatus {
  const once = oncePerScope<Awaited<ReturnType<LookUpStatus>>>()
  return (scope, identity) => once(scope, keyOf(identity), () => lookUpStatus(scope, identity))
}

function keyOf({ accountId, email }: Identity): string {
  return `${accountId ?? ''} ${email ?? ''}`
}
