import type { ServiceProvider } from '../protocol/server.js'

/**
 * A request in which `@3@` stands for the id of resource 3, whatever that is at a service provider.
 */
export interface SymbolicRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  /** The text of the body; absent: no body. */
  readonly text?: string
  /** `If-Match` with the version this resource had at first, or has now. */
  readonly match?: { readonly ref: number; readonly version: 'first' | 'last' }
}

/** An answer without what may differ between service providers. */
export interface PlainAnswer {
  readonly status: number
  readonly body: unknown
}

/**
 * A client of one service provider that knows its resources by number: the next one for each that
 * it creates.
 */
export interface SymbolicClient {
  readonly name: string
  readonly provider: ServiceProvider
  readonly tenant: string
  send(request: SymbolicRequest): Promise<PlainAnswer>
  /** The numbers in place of ids, in any value. */
  plain(value: unknown): unknown
}

const noSuchId = 'there-is-no-such-id'

export function symbolicClient(
  name: string,
  provider: ServiceProvider,
  tenant: string,
): SymbolicClient {
  const ids: string[] = []
  const versions = new Map<string, string[]>()
  const withIds = (text: string) =>
    text.replace(/@(\d+)@/g, (_, ref) => ids[Number(ref)] ?? noSuchId)
  const plain = (value: unknown) => plainOf(value, { ids, versions, baseUrl: provider.baseUrl })

  return {
    name,
    provider,
    tenant,
    async send({ method, path, text, match }) {
      const answer = await provider.send(
        method,
        withIds(path),
        // The helper takes no body for an undefined one.
        (text === undefined ? undefined : withIds(text)) as string,
        { as: tenant, headers: { ...matchOf(match, { ids, versions }) } },
      )
      const { id } = (answer.body ?? {}) as { id?: string }
      if (method === 'POST' && answer.status === 201 && id !== undefined) ids.push(id)
      return { status: answer.status, body: plain(answer.body) }
    },
    plain,
  }
}

/** Members whose values are each service provider's own. */
const isOwn: ReadonlySet<string> = new Set(['version', 'created', 'lastModified', 'nextCursor'])

/** Lists in which the order says something. */
const isOrdered: ReadonlySet<string> = new Set(['Resources', 'Operations'])

interface Known {
  readonly ids: readonly string[]
  readonly versions: Map<string, string[]>
}

function matchOf(
  match: SymbolicRequest['match'],
  { ids, versions }: Known,
): Record<string, string> {
  if (match === undefined) return {}
  const seen = versions.get(ids[match.ref] ?? '') ?? []
  return { 'If-Match': (match.version === 'first' ? seen[0] : seen.at(-1)) ?? 'W/"none"' }
}

function plainOf(value: unknown, known: Known & { readonly baseUrl: string }): unknown {
  if (typeof value === 'string') return plainText(value, known)
  if (Array.isArray(value)) return value.map((each) => plainOf(each, known)).sort(byText)
  if (typeof value !== 'object' || value === null) return value
  const { id, meta } = value as { id?: unknown; meta?: { version?: unknown } }
  const version = meta?.version
  const sorted = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  const entries = sorted.map(([name, each]) => {
    if (isOrdered.has(name) && Array.isArray(each)) {
      return [name, each.map((one) => plainOf(one, known))]
    }
    if (isOwn.has(name)) return [name, '…']
    return [name, plainOf(each, known)]
  })
  const isVersioned = typeof id === 'string' && typeof version === 'string'
  return {
    ...Object.fromEntries(entries),
    ...(isVersioned && { versionNumber: versionNumber(known, id, version) }),
  }
}

/** How many versions of a resource were seen before this one: alike everywhere when changes are. */
function versionNumber({ versions }: Known, id: string, version: string): number {
  const seen = versions.get(id) ?? []
  versions.set(id, seen)
  if (!seen.includes(version)) seen.push(version)
  return seen.indexOf(version)
}

function plainText(value: string, { ids, baseUrl }: Known & { readonly baseUrl: string }): string {
  const text = value.replaceAll(baseUrl, '')
  return ids.reduce((rest, id, ref) => rest.replaceAll(id, `@${ref}@`), text)
}

/** The values of multi-valued attributes have no order (RFC 7643 §2.4). */
function byText(a: unknown, b: unknown): number {
  const [one, other] = [JSON.stringify(a) ?? '', JSON.stringify(b) ?? '']
  return one < other ? -1 : Number(one > other)
}
