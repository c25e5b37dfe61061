import fs from 'node:fs'
import path from 'node:path'
import { readMap } from './map.js'
import { incidentLines, readIncidents } from './security.js'
import { nameOf, readTexts, titlesAmong } from './titles.js'

const root = path.join(__dirname, '../..')
const map = readMap(root)
const titles = titlesAmong(readTexts(root))

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

describe('docs/threat-model.md', () => {
  const page = read('docs/threat-model.md')
  const rows = page.split('\n').filter((line) => /^\| .*\bS-[A-Z]+-\d{2}\b/.test(line))

  it('has every threat in its table, proven or with the reason why not', () => {
    const inTable = new Set(rows.join('\n').match(/S-[A-Z]+-\d{2}/g))
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
      expect(page).toContain(`\n## ${kind}\n`)
    }
  })

  // `UPDATE_DOCS=1` writes them.
  it('names in each row what the host must do, and the files of the tests (S-OPS-06)', () => {
    const written = rows.reduce((text, row) => text.replace(row, withFiles(row)), page)
    if (process.env['UPDATE_DOCS'] === '1') {
      fs.writeFileSync(path.join(root, 'docs/threat-model.md'), written)
    }
    expect(page === written || process.env['UPDATE_DOCS'] === '1').toBe(true)
    for (const row of rows)
      expect(
        cellsOf(row)
          .slice(0, 4)
          .every((cell) => cell !== ''),
      ).toBe(true)
  })

  it('names no requirement that does not exist', () => {
    expect(unknownIds(page)).toEqual([])
    expect(unknownIds(read('docs/security.md'))).toEqual([])
  })
})

function cellsOf(row: string): string[] {
  return row.split(' | ').map((cell) => cell.replace(/^\| *| *\|$/g, '').trim())
}

/** A row with the files of the tests that its ids name. */
function withFiles(row: string): string {
  const [threat, holds, host, ids = ''] = cellsOf(row)
  const files = ids.split(', ').flatMap((id) => {
    const proof = map.find((each) => each.id === id)?.proof
    const title = titles.find(({ name, ids: cited }) => name === proof && cited.includes(id))
    return title ? [title.file.replace(/^test\/|\.(?:sql\.)?test\.ts$|\.ts$/g, '')] : []
  })
  return `| ${[threat, holds, host, ids, [...new Set(files)].join(', ') || '—'].join(' | ')} |`
}

describe('the incidents of other SCIM servers', () => {
  const incidents = readIncidents(root)

  it('are all 26 there, each kept out by tests that exist (S-OPS-06)', () => {
    const ids = Array.from({ length: 26 }, (_, n) => `I-${String(n + 1).padStart(2, '0')}`)
    expect(incidents.map(({ id }) => id)).toEqual(ids)
    const unproven = incidentLines(incidents, map, titles).filter(
      ({ text, isProven }) => !isProven || text.endsWith('NO FILE'),
    )
    expect(unproven).toEqual([])
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
