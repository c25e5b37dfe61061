import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

const root = path.join(__dirname, '..')
const readme = fs.readFileSync(path.join(root, 'README.md'), 'utf8')
const blocks = [...readme.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code)

describe('the README', () => {
  it('has code that compiles', () => {
    const folder = path.join(root, '.cache/readme')
    fs.rmSync(folder, { recursive: true, force: true })
    fs.mkdirSync(folder, { recursive: true })
    for (const [index, code] of blocks.entries()) {
      fs.writeFileSync(path.join(folder, `block-${index}.ts`), code)
    }
    const settings = { extends: '../../tsconfig.json', include: ['*.ts'], exclude: [] }
    fs.writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify(settings))
    expect(blocks.length).toBeGreaterThan(1)
    const tsc = path.join(root, 'node_modules/.bin/tsc')
    const check = () => execFileSync(tsc, ['--noEmit', '-p', folder], { encoding: 'utf8' })
    expect(check).not.toThrow()
  }, 60_000)

  it('points to files that exist', () => {
    const links = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link = '']) => link)
    const missing = links.filter((link) => !fs.existsSync(path.join(root, link)))
    expect(links.length).toBeGreaterThan(10)
    expect(missing).toEqual([])
  })

  it('names commands that package.json has', () => {
    const { scripts } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    const named = [...readme.matchAll(/`(?:npm run )?(test:[a-z0-9-]+)`|npm run ([a-z0-9:-]+)/g)]
    const missing = named.map(([, test, run]) => test ?? run ?? '').filter((name) => !scripts[name])
    expect(missing).toEqual([])
  })
})
