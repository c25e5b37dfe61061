/**
 * The path of a request as any server between here and the application might understand it: without
 * scheme and host, decoded, with `.`, `..`, doubled and backward slashes resolved, without
 * parameters of segments, in lower case and without a slash at the end. It is only used for
 * comparison and never sent anywhere, so it may undo more than any server would.
 */
export function plainPath(url: string): string {
  const path = url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').split(/[?#]/, 1)[0] ?? ''
  const segments: string[] = []
  for (const given of decoded(path).replaceAll('\\', '/').split('/')) {
    const segment = given.split(';', 1)[0] ?? ''
    if (segment === '..') segments.pop()
    else if (segment !== '' && segment !== '.') segments.push(segment)
  }
  return `/${segments.join('/')}`.toLowerCase()
}

/**
 * Decodes ASCII repeatedly until nothing is left to decode, because each server on the way may
 * decode once; never fails.
 */
function decoded(path: string): string {
  const once = path.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return once === path ? path : decoded(once)
}
