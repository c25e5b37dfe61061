/**
 * Characters that an entity tag cannot contain (RFC 9110 §8.8.3), and `%`, which is used to escape
 * them.
 */
const escaped = /[^\x21\x23\x24\x26-\x7e]/g
/** Versions that need no escaping, as nearly all do. */
const plain = /^[\x21\x23\x24\x26-\x7e]*$/
const escapeSequence = /%([0-9a-f]{4})/g

/**
 * The weak entity tag of a version: `W/"<version>"`, for `ETag` and `meta.version` (RFC 7644
 * §3.14). Characters that a tag cannot contain are escaped, so that different versions always have
 * different tags.
 */
export function etagOf(version: string): string {
  return `W/"${opaqueTagOf(version)}"`
}

/**
 * Whether an `If-Match` or `If-None-Match` header names a version. Tags are compared weakly in both
 * headers: under the strong comparison of RFC 9110 §13.1.1 no `If-Match` with the weak tags of RFC
 * 7644 §3.14 could ever succeed.
 *
 * @param header  the raw value: `*`, or a list of tags; a malformed one matches no version
 * @param version version of a resource that exists
 */
export function matchesEtag(header: string, version: string): boolean {
  return header.trim() === '*' || readTags(header).includes(opaqueTagOf(version))
}

/** The version in a single weak or strong entity tag; `undefined` if the text is not one. */
export function versionOf(tag: string): string | undefined {
  const tags = readTags(tag)
  return tags.length === 1 ? tags[0]?.replace(escapeSequence, unescapeCharacter) : undefined
}

function opaqueTagOf(version: string): string {
  return plain.test(version) ? version : version.replace(escaped, escapeCharacter)
}

function escapeCharacter(character: string): string {
  return `%${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

function unescapeCharacter(_: string, digits: string): string {
  return String.fromCharCode(Number.parseInt(digits, 16))
}

/** The opaque parts of a list of tags; empty if the list is malformed anywhere. */
function readTags(header: string): readonly string[] {
  const listedTag = /(?:W\/)?"([\x21\x23-\x7e\x80-\xff]*)"[\t ]*(?:,|$)/y
  const tags: string[] = []
  let position = skipSeparators(header, 0)
  while (position < header.length) {
    listedTag.lastIndex = position
    const tag = listedTag.exec(header)?.[1]
    if (tag === undefined) return []
    tags.push(tag)
    position = skipSeparators(header, listedTag.lastIndex)
  }
  return tags
}

/** Skips spaces and the commas of empty list elements (RFC 9110 §5.6.1). */
function skipSeparators(header: string, start: number): number {
  let position = start
  while ('\t ,'.includes(header.charAt(position)) && position < header.length) position += 1
  return position
}
