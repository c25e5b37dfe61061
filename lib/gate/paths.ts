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

const ascii = /^%[0-7][0-9a-f]$/i

/**
 * Decodes ASCII until nothing is left to decode, because each server on the way may decode once;
 * never fails. In one pass: what a character completes is decoded at once, so that a path that is
 * encoded thousands of times costs no more than another one.
 */
function decoded(path: string): string {
  if (!path.includes('%')) return path
  const done: string[] = []
  for (const each of path) {
    done.push(each)
    for (let last = done.slice(-3); ascii.test(last.join('')); last = done.slice(-3)) {
      const code = Number.parseInt(`${last[1]}${last[2]}`, 16)
      done.splice(-3, 3, String.fromCharCode(code))
    }
  }
  return done.join('')
}
