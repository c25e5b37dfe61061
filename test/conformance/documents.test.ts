import fs from 'node:fs'
import path from 'node:path'
import { readMap } from './map.js'
import { nameOf, readTexts } from './titles.js'

const root = path.join(__dirname, '../..')
const map = readMap(root)

describe('docs/decisions.md', () => {
  const page = read('docs/decisions.md')
  const decisions = page
    .split(/^### /m)
    .slice(1)
    .map((text) => ({ title: text.split('\n', 1)[0]!, text }))
  const texts = new Set(readTexts(root).map(({ text }) => nameOf(text)))

  it.each(decisions)('decides "$title", says why, and names tests that exist', ({ text }) => {
    const tests = [...text.matchAll(/^- Test: (`+)(.+)\1$/gm)].map(([, , title = '']) =>
      title.trim(),
    )
    expect(text).toMatch(/^- Decision: /m)
    expect(text).toMatch(/^- Why: /m)
    expect(tests).not.toEqual([])
    expect(tests.filter((title) => !texts.has(nameOf(title)))).toEqual([])
  })

  it('settles the 15 contradictions in order', () => {
    const numbers = decisions.flatMap(({ title }) => /^(\d+)\. /.exec(title)?.[1] ?? [])
    expect(numbers).toEqual(Array.from({ length: 15 }, (_, index) => String(index + 1)))
  })

  it('decides every requirement that is left to us', () => {
    const open = map.filter(({ id, level }) => level === 'DEC' && !page.includes(id))
    expect(open.map(({ id }) => id)).toEqual([])
  })

  it('names no requirement that does not exist', () => {
    expect(unknownIds(page)).toEqual([])
  })
})

describe('docs/security.md', () => {
  const page = read('docs/security.md')
  const table = page.split('\n').filter((line) => line.startsWith('| '))

  it('has every threat in its table, proven or with the reason why not', () => {
    const inTable = new Set(table.join('\n').match(/S-[A-Z]+-\d{2}/g))
    const threats = map.filter(({ id }) => id.startsWith('S-'))
    expect(threats.map(({ id }) => id).filter((id) => !inTable.has(id))).toEqual([])
  })

  it('covers each letter of STRIDE (S-OPS-06)', () => {
    for (const kind of [
      'Spoofing',
      'Tampering',
      'Repudiation',
      'Information disclosure',
      'Denial of service',
      'Elevation of privilege',
    ]) {
      expect(page).toContain(`### ${kind}`)
    }
  })

  it('names no requirement that does not exist', () => {
    expect(unknownIds(page)).toEqual([])
  })
})

function read(file: string): string {
  return fs.readFileSync(path.join(root, file), 'utf8')
}

function unknownIds(page: string): string[] {
  const known = new Set(map.map(({ id }) => id))
  const named = page.match(/\b(?:R-[A-Z]+|S-[A-Z]+|UC)-\d{2}\b/g) ?? []
  return named.filter((id) => !known.has(id))
}
