import type { AccessStore, Adapters, PendingUser } from '../../../lib/stores/index.js'

type ClaimOptions = Parameters<AccessStore['claim']>[0]

const writes = {
  users: ['create', 'replace', 'delete'],
  groups: ['create', 'replace', 'delete', 'changeMembers'],
  access: [
    'mark',
    'claim',
    'settle',
    'renew',
    'saveRecord',
    'deleteRecord',
    'setValue',
    'setValues',
    'noteRole',
  ],
} as const

/**
 * A process that ends before its nth step: from then on nothing that it does has an effect, and
 * nothing answers.
 */
export function mortal(storage: Adapters, lastStep: number) {
  let step = 0
  const claims: (readonly [ClaimOptions, PendingUser[]])[] = []
  let die: () => void = () => {}
  const dead = new Promise<void>((resolve) => {
    die = resolve
  })
  const lives = () => {
    step += 1
    if (step > lastStep) die()
    return step <= lastStep ? Promise.resolve() : new Promise<never>(() => {})
  }
  const wrapped = (store: object, names: readonly string[]) => {
    const methods = store as Record<string, (...all: unknown[]) => Promise<unknown>>
    const own = names.map((name) => [
      name,
      async (...all: unknown[]) => {
        await lives()
        const result = await methods[name]?.(...all)
        if (name === 'claim') claims.push([all[0] as ClaimOptions, result as PendingUser[]])
        return result
      },
    ])
    return { ...store, ...Object.fromEntries(own) }
  }
  const ownFetch: typeof fetch = async (url, init) => {
    if (init?.method !== undefined && init.method !== 'GET') await lives()
    return fetch(url, init)
  }
  const adapters = {
    ...storage,
    users: wrapped(storage.users, writes.users),
    groups: wrapped(storage.groups, writes.groups),
    access: wrapped(storage.access ?? {}, writes.access),
  } as Adapters
  /** What the process had claimed is anybody's again, as after the seconds that a claim lasts. */
  const expire = async () => {
    for (const [{ owner }, entries] of claims) {
      for (const entry of entries) {
        await storage.access?.settle(owner, { ...entry, mark: -1 }, { kind: 'done' })
      }
    }
  }
  return { dead, adapters, fetch: ownFetch, expire }
}
