/** One tag of an HTML text. */
export interface Tag {
  /** Lower-cased. */
  name: string
  closing: boolean
  /** Attribute names lower-cased, values decoded; an attribute without a value is ''. */
  attributes: ReadonlyMap<string, string>
  /**
   * Text up to the next tag, decoded; the whole content of a `textarea`, `title`, `script` or
   * `style`.
   */
  text: string
}

/** Elements whose content is always text. */
const textElements = new Set(['script', 'style', 'textarea', 'title'])

const tagPattern = /<(?:!--[\s\S]*?-->|(\/?)([a-zA-Z][^\s/>]*)((?:[^"'>]|"[^"]*"|'[^']*')*)>)/g
const attributePattern = /([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?/g

/**
 * Reads the tags of an HTML text, in order. Sufficient for generated pages such as Django's; it
 * does not repair malformed HTML.
 */
export function readTags(html: string): Tag[] {
  const tags: Tag[] = []
  const pattern = new RegExp(tagPattern)
  for (let match = pattern.exec(html); match !== null; match = pattern.exec(html)) {
    const [, slash, name, attributes] = match
    if (name === undefined) continue
    const from = pattern.lastIndex
    const tag = { name: name.toLowerCase(), closing: slash === '/' }
    const to = endOfText(html, from, tag)
    pattern.lastIndex = to
    const text = decode(html.slice(from, to))
    tags.push({ ...tag, attributes: readAttributes(attributes ?? ''), text })
  }
  return tags
}

function endOfText(html: string, from: number, tag: { name: string; closing: boolean }): number {
  const isText = textElements.has(tag.name) && !tag.closing
  const end = isText
    ? html.slice(from).search(new RegExp(`</${tag.name}\\b`, 'i')) + from
    : html.indexOf('<', from)
  return end < from ? html.length : end
}

function readAttributes(text: string): Map<string, string> {
  const attributes = new Map<string, string>()
  for (const [, name = '', double, single, bare] of text.matchAll(attributePattern)) {
    const key = name.toLowerCase()
    // The first of two equal names counts, as in browsers.
    if (!attributes.has(key)) attributes.set(key, decode(double ?? single ?? bare ?? ''))
  }
  return attributes
}

const namedCharacters = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
  ['nbsp', '\u00a0'],
])

/** Replaces character references; Django writes only these and numeric ones. */
function decode(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-z]+));/g, (whole, ...groups) => {
    const [decimal, hexadecimal, name] = groups as (string | undefined)[]
    if (name !== undefined) return namedCharacters.get(name) ?? whole
    const point = decimal === undefined ? Number.parseInt(hexadecimal ?? '', 16) : Number(decimal)
    return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : whole
  })
}
