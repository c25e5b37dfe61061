/** Markup that is safe to send. Only {@link html} makes it, so input cannot pass for markup. */
export class Html {
  readonly #text: string

  private constructor(text: string) {
    this.#text = text
  }

  /** @internal for {@link html}; all other code uses the template tag */
  static trusted(text: string): Html {
    return new Html(text)
  }

  toString(): string {
    return this.#text
  }
}

/**
 * The values of a template: text is escaped, lists are joined, `undefined`, null and false are left
 * out.
 */
export type Part = Html | string | number | undefined | null | false | readonly Part[]

/**
 * Template tag that escapes every value, also within quoted attributes. Outside of attributes, it
 * shows the code of characters that change the direction of text or cannot be seen, because they
 * can make one name look like another.
 */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let isInTag = false
  const text = strings.map((string, index) => {
    const [opens, closes] = [string.lastIndexOf('<'), string.lastIndexOf('>')]
    if (opens !== closes) isInTag = opens > closes
    return string + markupOf(parts[index], isInTag ? escapeText : escapeShown)
  })
  return Html.trusted(text.join(''))
}

function markupOf(part: Part, show: (text: string) => string): string {
  if (part instanceof Html) return part.toString()
  if (Array.isArray(part)) return part.map((each) => markupOf(each, show)).join('')
  if (part === undefined || part === null || part === false) return ''
  return show(String(part))
}

/**
 * Embeddings, overrides, isolates, and characters without width; but not the direction marks and
 * joiners that names in some scripts need.
 */
const unseen = /[\u00ad\u200b\u202a-\u202e\u2060-\u2069\ufeff]/g

function escapeShown(text: string): string {
  return escapeText(text).replace(
    unseen,
    (character) => `[U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}]`,
  )
}

/** A name that rules must give exactly, with the blanks in it that a page does not show. */
export function exactName(name: string): string {
  return name
    .replace(/^ +| +$| {2,}/g, (blanks) => '\u2423'.repeat(blanks.length))
    .replaceAll('\u00a0', '[U+00A0]')
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '\0': '\ufffd',
}

function escapeText(text: string): string {
  return text.replace(/[&<>"'\0]/g, (character) => entities[character] ?? '')
}
