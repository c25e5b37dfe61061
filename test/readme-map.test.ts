import fs from 'node:fs'
import path from 'node:path'

const root = path.join(__dirname, '..')
const read = (file: string) => fs.readFileSync(path.join(root, file), 'utf8')

describe('the map of the repository in README.md', () => {
  const [, map = ''] = /^## The repository\n+```\n([\s\S]*?)^```$/m.exec(read('README.md')) ?? []
  /** Paths of the map; an indented name is a folder of the one above it. */
  const paths = foldersIn(map)

  it('names folders that exist', () => {
    expect(paths.length).toBeGreaterThan(20)
    expect(paths.filter((folder) => !fs.existsSync(path.join(root, folder)))).toEqual([])
  })

  it('names every top-level folder and every folder of lib', () => {
    const ignored = [...read('.gitignore').split('\n'), 'node_modules']
    const top = foldersOf('.').filter(
      (name) => !name.startsWith('.') && !ignored.some((line) => line.replaceAll('/', '') === name),
    )
    const folders = [...top, ...foldersOf('lib').map((name) => `lib/${name}`)]
    expect(folders.filter((folder) => !paths.includes(folder))).toEqual([])
  })
})

it('has a README that counts the requirements of the RFCs', () => {
  const requirements = JSON.parse(read('test/conformance/requirements.json')) as { id: string }[]
  const count = requirements.filter(({ id }) => id.startsWith('R-')).length
  expect(read('README.md')).toContain(`all ${count} requirements of these RFCs`)
})

describe('the walk of one PATCH in CONTRIBUTING.md', () => {
  const steps = read('CONTRIBUTING.md').match(/^\d+\. .+$/gm) ?? []
  const named = steps.flatMap((step) => [
    ...[...step.matchAll(/`([\w/.-]+\.ts)`: `(\w+)`/g)].map(([, file = '', name = '']) => [
      name,
      file,
    ]),
    ...[...step.matchAll(/`(\w+)` in `([\w/.-]+\.ts)`/g)].map(([, name = '', file = '']) => [
      name,
      file,
    ]),
  ])

  it('names a function in most steps', () => expect(named.length).toBeGreaterThan(14))

  it.each(named)('names %s, which %s exports', (name = '', file = '') => {
    const exported = new RegExp(`^export (?:async )?(?:function\\*?|const) ${name}\\b`, 'm')
    expect(read(file)).toMatch(exported)
  })
})

function foldersOf(folder: string): string[] {
  return fs
    .readdirSync(path.join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
}

/** The folders of the map, each with the folder that it is in. */
function foldersIn(text: string): string[] {
  let parent = ''
  return text.split('\n').flatMap((line) => {
    const [, indent = '', names = ''] = /^( *)((?:[\w-]+\/ ?)+)/.exec(line) ?? []
    const folders = names
      .trim()
      .split(' ')
      .filter(Boolean)
      .map((name) => name.replace(/\/$/, ''))
    if (indent === '') [parent = ''] = folders
    return folders.map((name) => (indent === '' ? name : `${parent}/${name}`))
  })
}
