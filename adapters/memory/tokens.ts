import {
  maxTokenUses,
  type Scope,
  type StoredToken,
  type TokenStore,
  type TokenUse,
  UniquenessError,
} from '../../lib/adapter/index.js'
import type { State } from './state.js'

/** Tokens of one set of stores, with the tenants they belong to, by tenant and id. */
export type Tokens = Map<string, StoredToken & { readonly tenant: string }>

/** Bearer tokens over a map. */
export function memoryTokenStore(state: State): TokenStore {
  const { tokens } = state
  const own = ({ tenant }: Scope, id: string) => tokens.get(keyOf(tenant, id))
  return {
    find: async (digest) => [...tokens.values()].find((each) => each.digest === digest),
    async list({ tenant }) {
      const found = [...tokens.values()].filter((each) => each.tenant === tenant)
      return found.map(({ tenant: _, ...token }) => token).sort(byAge)
    },
    async create(scope, token, audit = []) {
      if (own(scope, token.id)) throw new UniquenessError('id')
      const { tenant } = scope
      state.write(scope, { audit }, () => tokens.set(keyOf(tenant, token.id), { ...token, tenant }))
    },
    async change(scope, change, audit = []) {
      const token = own(scope, change.id)
      if (!token) return false
      state.write(scope, { audit }, () =>
        tokens.set(keyOf(scope.tenant, token.id), { ...token, ...change }),
      )
      return true
    },
    async delete(scope, id, audit = []) {
      if (!own(scope, id)) return false
      return state.write(scope, { audit }, () => tokens.delete(keyOf(scope.tenant, id)))
    },
    async noteUse(scope, { token, at }) {
      const { tokenUses } = state.of(scope)
      if ((tokenUses.get(token) ?? '') >= at) return
      tokenUses.set(token, at)
      for (const old of usesOf(tokenUses).slice(maxTokenUses)) tokenUses.delete(old.token)
    },
    listUses: async (scope) => usesOf(state.of(scope).tokenUses),
  }
}

function keyOf(tenant: string, id: string): string {
  return JSON.stringify([tenant, id])
}

function byAge(a: StoredToken, b: StoredToken): number {
  return `${a.createdAt} ${a.id}` < `${b.createdAt} ${b.id}` ? -1 : 1
}

function usesOf(uses: ReadonlyMap<string, string>): readonly TokenUse[] {
  const all = [...uses].map(([token, at]) => ({ token, at }))
  return all.sort((a, b) => (`${b.at} ${b.token}` < `${a.at} ${a.token}` ? -1 : 1))
}
