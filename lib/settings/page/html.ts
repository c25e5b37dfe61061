/** Markup that is safe to send: made by {@link html} only, so nothing that came from outside can pass for it. */
export class Html {
  readonly #text: string

  private constructor(text: string) {
    this.#text = text
  }

  /** @internal for {@link html}; everything else goes through the template tag */
  static trusted(text: string): Html {
    return new Html(text)
  }

  toString(): string {
    return this.#text
  }
}

/** What a template may hold: text is escaped, lists are joined, nothing is nothing. */
export type Part = Html | string | number | undefined | null | false | readonly Part[]

/** Template tag: markup in which every value is escaped, also within quoted attributes. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const text = strings.map((string, index) => string + textOf(parts[index])).join('')
  return Html.trusted(text)
}

function textOf(part: Part): string {
  if (part instanceof Html) return part.toString()
  if (Array.isArray(part)) return part.map(textOf).join('')
  if (part === undefined || part === null || part === false) return ''
  return escapeText(String(part))
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
