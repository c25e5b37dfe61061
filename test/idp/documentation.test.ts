import fs from 'node:fs'
import path from 'node:path'
import { deviationIds } from '../../lib/deviations.js'
import { readTranscripts } from '../support/transcripts.js'
import { deviationsOf } from '../support/transcripts-replay.js'
import { deviations } from './deviation-table.js'

const root = path.join(__dirname, '../..')
const page = path.join(root, 'docs/deviations.md')
const readme = path.join(__dirname, 'README.md')
const generated = /(<!-- deviations: .*-->\n)([\s\S]*?)(<!-- \/deviations -->)/
const transcripts = readTranscripts()

/** The rows of the table below a heading, as cells. */
function tableUnder(heading: string): string[][] {
  const [, section = ''] = fs.readFileSync(readme, 'utf8').split(`\n## ${heading}\n`)
  return (section.split('\n## ')[0] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('|---'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    .slice(1)
}

function renderedDeviations(): string {
  const rows = deviations.map(({ id, idps, source, description, test }) => {
    const needed = transcripts
      .filter(({ transcript }) => deviationsOf(transcript).includes(id))
      .map(({ file }) => `\`test/idp/${file}\``)
    const tests = [`\`${test}\``, ...needed].join(', ')
    return `| \`${id}\` | ${idps.join(', ')} | ${source} | ${description} | ${tests} |`
  })
  const head =
    '| deviation | needed by | departs from | what is accepted, and the answer if it is off ' +
    '| tests |'
  return `\n${[head, '|---|---|---|---|---|', ...rows].join('\n')}\n\n`
}

describe('docs/deviations.md', () => {
  it('describes every deviation', () => {
    expect(deviations.map(({ id }) => id)).toEqual(deviationIds)
  })

  it('has the table of deviation-table.ts, with the tests that need each row', () => {
    const text = fs.readFileSync(page, 'utf8')
    if (process.env['UPDATE_DOCS'] === '1') {
      const rendered = (_: string, begin: string, __: string, end: string) =>
        begin + renderedDeviations() + end
      fs.writeFileSync(page, text.replace(generated, rendered))
      return
    }
    expect(generated.exec(text)?.[2]).toBe(renderedDeviations())
  })

  it('names tests that exist', () => {
    const missing = deviations.filter(({ test }) => !fs.existsSync(path.join(root, test)))
    expect(missing).toEqual([])
  })

  it('has 50 rows of what else differs, each proved by a test, and tests name no others', () => {
    const rows = tableUnder('Everything else that differs').map(([id = '']) => id)
    const expected = Array.from({ length: 50 }, (_, n) => `IDP-${String(n + 1).padStart(2, '0')}`)
    expect(rows).toEqual(expected)
    const proved = new Set<string>()
    const names = transcripts.map(({ transcript }) => transcript.name)
    for (const text of [...names, ...testFiles()]) {
      for (const [id] of text.matchAll(/\bIDP-\d\d\b/g)) proved.add(id)
    }
    expect([...proved].sort()).toEqual(expected)
  })

  it('names options and deviations that exist', () => {
    const known: readonly string[] = deviations.map(({ id }) => id)
    const options = fs.readFileSync(path.join(root, 'docs/options.md'), 'utf8')
    const named = tableUnder('Everything else that differs').flatMap(([, , answer = '']) =>
      [...answer.matchAll(/\(`([^)]*)`\)/g)].flatMap(([, list = '']) => list.split('`, `')),
    )
    expect(named.length).toBeGreaterThan(10)
    expect(named.filter((name) => !known.includes(name) && !options.includes(`\`${name}`))).toEqual(
      [],
    )
  })

  it('explains every source that transcripts name', () => {
    const sources = tableUnder('Sources').flatMap(([names = '']) => names.split(', '))
    const seen = transcripts.flatMap(({ file, transcript }) =>
      transcript.seen.map((name) => ({ file, name })),
    )
    const unexplained = seen.filter(
      ({ name }) => name !== 'inferred' && !name.includes('#') && !sources.includes(name),
    )
    expect(unexplained).toEqual([])
    const used = new Set(seen.map(({ name }) => name))
    expect(sources.filter((name) => !used.has(name))).toEqual([])
  })

  it('names clients that have transcripts', () => {
    const clients = new Set(transcripts.map(({ transcript }) => transcript.idp))
    const named = deviations.flatMap(({ idps }) => idps)
    const elsewhere = [
      'WSO2',
      'Salesforce',
      'PingFederate',
      'RFC 7644 §3.4.2.1',
      'RFC 7644 §3.7.3',
      'RFC 7644 §3.10',
      'midPoint',
    ]
    expect(named.filter((name) => !clients.has(name) && !elsewhere.includes(name))).toEqual([])
  })
})

function testFiles(): string[] {
  return fs
    .readdirSync(__dirname, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && name !== path.basename(__filename))
    .map((name) => fs.readFileSync(path.join(__dirname, name), 'utf8'))
}

describe('the guides', () => {
  const guides = fs
    .readdirSync(path.join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => ({ name, text: fs.readFileSync(path.join(root, 'docs', name), 'utf8') }))
    .filter(({ text }) => text.includes('connect.md'))

  it('are there for every client with a folder of transcripts that people configure', () => {
    const folders = ['okta', 'entra', 'onelogin', 'jumpcloud', 'google', 'pingone', 'authentik']
    const more = ['keycloak', 'sailpoint', 'cyberark', 'rippling', 'syncope']
    for (const folder of [...folders, ...more]) {
      expect(guides.filter(({ text }) => text.includes(`test/idp/${folder}`))).not.toEqual([])
    }
  })

  it('link to pages and places that exist, and name tests that exist', () => {
    const broken = guides.flatMap(({ name, text }) => {
      const links = [...text.matchAll(/\]\(([a-z-]+\.md)(#[a-z-]+)?\)/g)].filter(
        ([, page = '', at]) => {
          const target = path.join(root, 'docs', page)
          if (!fs.existsSync(target)) return true
          return at !== undefined && !anchorsOf(target).includes(at)
        },
      )
      const files = [...text.matchAll(/`(test\/[a-z/.-]+)`/g)].filter(
        ([, file = '']) => !fs.existsSync(path.join(root, file)),
      )
      return [...links, ...files].map(([found]) => `${name}: ${found}`)
    })
    expect(broken).toEqual([])
  })
})

function anchorsOf(file: string): string[] {
  return [...fs.readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(
    ([, heading = '']) => `#${heading.toLowerCase().replaceAll(' ', '-')}`,
  )
}
