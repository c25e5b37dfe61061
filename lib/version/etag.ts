// RFC 9110 §8.8.3: what may stand between the quotation marks of an entity tag.
const notTagCharacter = /[^\x21\x23-\x7e]/g

/**
 * The weak entity tag of a version: `W/"<version>"`, for `ETag` and `meta.version` (RFC 7644 §3.14).
 * Characters that cannot be part of a tag are percent-encoded.
 */
export function etagOf(version: string): string {
  return `W/"${opaqueTagOf(version)}"`
}

/**
 * Whether an `If-Match` or `If-None-Match` header names a version. Tags are compared weakly in both headers: under the
 * strong comparison of RFC 9110 §13.1.1 no `If-Match` with the weak tags of RFC 7644 §3.14 could ever succeed.
 *
 * @param header  the raw value: `*`, or a list of tags; a malformed one names no version
 * @param version version of a resource that exists
 */
export function matchesEtag(header: string, version: string): boolean {
  return header.trim() === '*' || readTags(header).includes(opaqueTagOf(version))
}

/** The version in a single entity tag, weak or strong; `undefined` when the text is none. */
export function versionOf(tag: string): string | undefined {
  const tags = readTags(tag)
  return tags.length === 1 ? tags[0] : undefined
}

function opaqueTagOf(version: string): string {
  return version.replace(notTagCharacter, (character) => `%${character.charCodeAt(0).toString(16)}`)
}

/** The opaque parts of a list of tags; nothing when the list is malformed anywhere. */
function readTags(header: string): readonly string[] {
  const tags: string[] = []
  const listedTag = /[\t ]*(?:(?:W\/)?"([\x21\x23-\x7e\x80-\xff]*)")?[\t ]*(?:,|$)/y
  for (let position = 0; position < header.length; ) {
    listedTag.lastIndex = position
    const match = listedTag.exec(header)
    if (match === null) return []
    if (match[1] !== undefined) tags.push(match[1])
    position = listedTag.lastIndex
  }
  return tags
}
