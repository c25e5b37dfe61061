/** Cookies of one host. Their path, domain and lifetime are ignored, except for deletion. */
export interface CookieJar {
  /** Takes the `Set-Cookie` headers of an answer. */
  store(setCookies: readonly string[]): void
  /** Value of the `Cookie` header, '' when there is none. */
  header(): string
  has(name: string): boolean
  clear(): void
}

/** An empty jar. */
export function cookieJar(): CookieJar {
  const cookies = new Map<string, string>()
  return {
    store(setCookies) {
      for (const each of setCookies) {
        const cookie = parseSetCookie(each)
        if (cookie === undefined) continue
        if (cookie.isDeleted) cookies.delete(cookie.name)
        else cookies.set(cookie.name, cookie.value)
      }
    },
    header: () => [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
    has: (name) => cookies.has(name),
    clear: () => cookies.clear(),
  }
}

function parseSetCookie(text: string) {
  const [pair = '', ...attributes] = text.split(';').map((part) => part.trim())
  const equals = pair.indexOf('=')
  if (equals < 1) return undefined
  const value = pair.slice(equals + 1)
  // Django deletes with Max-Age=0 and an empty value.
  const isDeleted = attributes.some((each) => /^max-age=(0|-\d+)$/i.test(each)) || value === '""'
  return { name: pair.slice(0, equals), value, isDeleted }
}
