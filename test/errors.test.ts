import fs from 'node:fs'
import path from 'node:path'

const root = path.join(__dirname, '..')
const code = /\bERR_SCIM_[A-Z]+(?:_[A-Z]+)*\b/g
const documented = fs.readFileSync(path.join(root, 'docs/errors.md'), 'utf8')
const rows = [...documented.matchAll(/^\| `(ERR_SCIM_[A-Z_]+)` \|(.+)\|$/gm)]

it('has a cause and a fix in docs/errors.md for every code, and no code that nothing throws', () => {
  const thrown = new Set(
    ['lib', 'adapters']
      .flatMap(sourceFiles)
      .flatMap((file) => fs.readFileSync(file, 'utf8').match(code) ?? []),
  )
  expect(rows.map(([, name]) => name).sort()).toEqual([...thrown].sort())
  for (const [, , cells = ''] of rows) {
    const filled = cells.split('|').filter((cell) => cell.trim() !== '')
    expect(filled.length).toBeGreaterThan(0)
  }
})

function sourceFiles(folder: string): string[] {
  return fs
    .readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => path.join(root, folder, name))
}
