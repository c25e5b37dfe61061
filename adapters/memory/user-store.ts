import { extended } from '../../lib/schema/json.js'
import type { StoreTarget } from '../../lib/stores/access-target.js'
import type { User, UserStore } from '../../lib/stores/index.js'
import { dropFromGroups, referencesOf } from './group-store.js'
import { memoryResourceStore } from './resource-store.js'
import type { State } from './state.js'

/** Users over a map; what reaches beyond storage goes to the target. */
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
