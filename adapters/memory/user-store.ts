import { extended, type StoreTarget, type User, type UserStore } from '../../lib/adapter/index.js'
import { dropFromGroups, referencesOf } from './group-store.js'
import { memoryResourceStore } from './resource-store.js'
import type { State } from './state.js'

/** Users in a map, with the methods of the target. */
export function memoryUserStore(state: State, target: StoreTarget): UserStore {
  const store = memoryResourceStore<User>(state, {
    name: 'User',
    view: (_tenant, user) => user,
    filtered: (tenant, user) =>
      extended(user, {
        groups: referencesOf(tenant, user.id).map(({ id, displayName }) => ({
          value: id,
          display: displayName,
        })),
      }),
    onDelete: dropFromGroups(state),
  })
  return { ...store, supports: { ...store.supports, groups: true }, ...target }
}
