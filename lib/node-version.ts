/** The oldest minor versions of the supported lines, as `engines` of package.json has them. */
const oldestMinors: ReadonlyMap<number, number> = new Map([
  [20, 19],
  [22, 12],
])
const newestLine = 22

/**
 * Says which versions of Node.js are needed, where this one is not among them; `undefined` where it
 * is. npm only warns of `engines`.
 */
export function unsupportedNode(version: string = process.versions.node): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > newestLine || minor >= (oldestMinors.get(major) ?? Number.POSITIVE_INFINITY)) {
    return undefined
  }
  return `label-studio-scim needs Node.js 20.19, 22.12 or newer. This is ${version}.`
}
