import { isUtf8 } from 'node:buffer'
import { isObject, stopwatch } from '../../../lib/adapter/index.js'
import { oldestKeyOf } from '../api/oldest-key.js'
import { decodedText } from './text.js'

/**
 * The address of a file in a storage that `fileuri` means to Label Studio: base64 in either
 * alphabet, otherwise percent-encoded. `undefined` if Label Studio might read another address.
 */
export function fileAddress(fileuri: string): string | undefined {
  const bytes = Buffer.from(fileuri, 'base64')
  const isText = isUtf8(bytes)
  const standard = fileuri.replaceAll('-', '+').replaceAll('_', '/')
  if (bytes.toString('base64') === standard) return isText ? bytes.toString('utf8') : undefined
  // Python ignores characters outside the alphabet, so it may find base64 in a plain address.
  const digits = fileuri.replace(/[^A-Za-z0-9+/_-]/g, '').length
  if (fileuri.includes('=') || (digits % 4 === 0 && isText)) return undefined
  return decodedText(fileuri, false)
}

const whole = /^[a-z][a-z0-9+.-]*:\/\//i
const quoted = /(["'])([a-z][a-z0-9+.-]*:\/\/(?:(?!\1).)+)\1/gis
const replaced = /\/tasks\/[0-9]+\/(?:resolve|presign)\/\?fileuri=([\w-]+={0,2})/g

/**
 * The addresses that the data of a task names, where Label Studio looks for them: a whole text, or
 * in quotes within one, e.g. in HTML; also in lists and objects. Up to 1.22, Label Studio replaces
 * them by its own addresses whatever one asks for, so these count as well.
 */
export function addressesIn(data: unknown): ReadonlySet<string> {
  const found = new Set<string>()
  const left: unknown[] = [data]
  while (left.length > 0) {
    const each = left.pop()
    if (typeof each === 'string') {
      if (whole.test(each.trim())) found.add(each.trim())
      for (const [, , address = ''] of each.matchAll(quoted)) found.add(address)
      for (const [, fileuri = ''] of each.matchAll(replaced)) {
        const address = fileAddress(fileuri) ?? ''
        if (whole.test(address)) found.add(address)
      }
    } else if (Array.isArray(each)) for (const one of each) left.push(one)
    else if (isObject(each)) for (const one of Object.values(each)) left.push(one)
  }
  return found
}

const entities: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
  '&amp;': '&',
}

/**
 * The addresses that a labeling configuration names: the application loads the items of a taxonomy
 * (`apiUrl`) through the project.
 */
export function addressesInConfig(config: unknown): ReadonlySet<string> {
  const plain = (text: string) => text.replace(/&[a-z]+;/g, (each) => entities[each] ?? each)
  return new Set([...addressesIn(String(config))].map(plain))
}

/** Maximum number of characters of all remembered addresses together. */
const maxCharacters = 8_000_000

/** Remembers for a short time which files a task or project names. */
export interface NamedFiles {
  has(owner: string, address: string): boolean
  keep(owner: string, addresses: ReadonlySet<string>): void
  clear(): void
}

interface Kept {
  readonly age: () => number
  readonly size: number
  readonly addresses: ReadonlySet<string>
}

/** The oldest are forgotten first when the addresses become too many. */
export function namedFiles(rememberedMs: number): NamedFiles {
  const kept = new Map<string, Kept>()
  const oldestKey = oldestKeyOf(kept)
  let characters = 0
  const drop = (owner: string) => {
    characters -= kept.get(owner)?.size ?? 0
    kept.delete(owner)
  }
  return {
    has(owner, address) {
      const found = kept.get(owner)
      return found !== undefined && found.age() < rememberedMs && found.addresses.has(address)
    },
    keep(owner, addresses) {
      drop(owner)
      // Each entry costs memory beside its characters.
      let size = 100
      for (const each of addresses) size += each.length + 50
      if (size > maxCharacters / 4) return
      while (characters + size > maxCharacters) drop(oldestKey() ?? '')
      characters += size
      kept.set(owner, { age: stopwatch(), size, addresses })
    },
    clear() {
      kept.clear()
      characters = 0
    },
  }
}
