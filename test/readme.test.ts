import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { commands } from '../command/commands.js'

const root = path.join(__dirname, '..')
const { files, scripts } = JSON.parse(read('package.json')) as {
  files: string[]
  scripts: Record<string, string>
}
const guides = filesIn('docs', /\.md$/)
const published = [
  'README.md',
  'SECURITY.md',
  ...guides.filter((file) => !files.includes(`!${file}`)),
]
const ofTheRepository = [
  'CONTRIBUTING.md',
  'CODE_OF_CONDUCT.md',
  'CHANGELOG.md',
  ...guides.filter((file) => !published.includes(file)),
]
const documents = new Map(
  [...published, ...ofTheRepository].map((file) => [file, read(file)] as const),
)
const readme = read('README.md')

/** Code in some language, with where it stands. */
const snippets = [...documents].flatMap(([file, text]) =>
  [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, code = ''], index) => ({
    language,
    code,
    at: `${file}, block ${index + 1}`,
  })),
)

/** What the snippets of the documents take for granted. */
const context = `
import type { Express } from 'express'
import type { Adapters, Authenticator, Reconciler } from 'label-studio-scim'
import type { settingsRouter } from 'label-studio-scim/settings'
declare global {
  const app: Express
  const adapters: Adapters
  const authenticate: Authenticator
  const authorize: Parameters<typeof settingsRouter>[1]['authorize']
  const reconciler: Reconciler
  const email: string
  function page(text: string): void
}
`

/** The frameworks of docs/mounting.md, as far as its snippets use them. */
const frameworks = `
declare module '@nestjs/core' {
  import type { RequestHandler } from 'express'
  export const NestFactory: {
    create(module: unknown): Promise<{
      use(path: string, handler: RequestHandler): unknown
      listen(port: number): Promise<unknown>
    }>
  }
}
declare module '*app.module.js' {
  export class AppModule {}
}
declare module '@fastify/express' {
  const plugin: unknown
  export default plugin
}
declare module 'fastify' {
  import type { RequestHandler } from 'express'
  export default function Fastify(): {
    register(plugin: unknown): Promise<unknown>
    use(path: string, handler: RequestHandler): unknown
    listen(options: { port: number }): Promise<unknown>
  }
}
`

describe('the documents', () => {
  it('have TypeScript that compiles as strictly as can be', () => {
    const folder = path.join(root, '.cache/readme')
    fs.rmSync(folder, { recursive: true, force: true })
    fs.mkdirSync(folder, { recursive: true })
    const codes = snippets.filter(({ language }) => language === 'ts')
    for (const [index, { code, at }] of codes.entries()) {
      fs.writeFileSync(path.join(folder, `snippet-${index}.ts`), `// ${at}\n${code}\nexport {}\n`)
    }
    fs.writeFileSync(path.join(folder, 'context.ts'), context)
    fs.writeFileSync(path.join(folder, 'frameworks.d.ts'), frameworks)
    const compilerOptions = { skipLibCheck: false, noUnusedLocals: false }
    const settings = { extends: '../../tsconfig.json', compilerOptions, include: ['*.ts'] }
    fs.writeFileSync(
      path.join(folder, 'tsconfig.json'),
      JSON.stringify({ ...settings, exclude: [] }),
    )
    expect(codes.length).toBeGreaterThan(6)
    expect(compile(folder)).toBe('')
  }, 60_000)

  it('have JSON that can be read', () => {
    const codes = snippets.filter(({ language }) => language === 'json')
    expect(codes.length).toBeGreaterThan(0)
    for (const { code } of codes) expect(() => JSON.parse(code)).not.toThrow()
  })

  it('point to files that exist, and where they are published to files that are', () => {
    const dead = [...documents].flatMap(([file, text]) =>
      [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)]
        .map(([, link = '']) => path.posix.join(path.posix.dirname(file), link))
        .filter((link) =>
          published.includes(file)
            ? !published.includes(link)
            : !fs.existsSync(path.join(root, link)),
        )
        .map((link) => `${file}: ${link}`),
    )
    expect(dead).toEqual([])
  })

  it('have tables whose rows have as many cells as their heads', () => {
    const cells = (line: string) =>
      line.endsWith('|') ? line.replaceAll('\\|', '').split('|').length : 0
    const broken = [...documents].flatMap(([file, text]) => {
      const lines = text.replace(/^```[\s\S]*?^```$/gm, '').split('\n')
      return lines.flatMap((line, at) => {
        const before = lines[at - 1] ?? ''
        const isRow = line.trimStart().startsWith('|') && before.trimStart().startsWith('|')
        return isRow && cells(line) !== cells(before) ? `${file}: ${line}` : []
      })
    })
    expect(broken).toEqual([])
  })

  it('have no marks of a conflict', () => {
    const marked = [...documents].filter(([, text]) => /^(?:<{7} |={7}$|>{7} )/m.test(text))
    expect(marked.map(([file]) => file)).toEqual([])
  })

  it('name scripts that package.json has', () => {
    const named = [...documents]
      .filter(([file]) => file !== 'CHANGELOG.md')
      .flatMap(([, text]) => [
        ...text.matchAll(/`(?:npm run )?(test:[a-z0-9-]+)`|npm run ([a-z0-9:-]+)/g),
      ])
    const missing = named.map(([, test, run]) => test ?? run ?? '').filter((name) => !scripts[name])
    expect(missing).toEqual([])
  })

  it('name commands that the program has', () => {
    const named = [...documents.values()].flatMap((text) => [
      ...text.matchAll(/npx label-studio-scim ([a-z-]+)/g),
    ])
    expect(named.length).toBeGreaterThan(3)
    const missing = named.map(([, name = '']) => name).filter((name) => !(name in commands))
    expect(missing).toEqual([])
  })
})

describe('CONTRIBUTING.md', () => {
  const text = read('CONTRIBUTING.md')

  it('walks one PATCH through files that exist, in twelve steps', () => {
    const steps = text.match(/^\d+\. .+$/gm) ?? []
    const files = steps.flatMap((step) => step.match(/(?:lib|adapters)\/[\w/.-]+/g) ?? [])
    expect([steps.length, files.length > 12]).toEqual([12, true])
    expect(files.filter((file) => !fs.existsSync(path.join(root, file)))).toEqual([])
  })
})

it('has a changelog whose sections have the date of their release, but for the first', () => {
  const [, ...released] = read('CHANGELOG.md').match(/^## .+$/gm) ?? []
  expect(released.filter((title) => !/^## \d+\.\d+\.\d+ \(\d{4}-\d\d-\d\d\)$/.test(title))).toEqual(
    [],
  )
})

it('labels each member of AccessStore as docs/adapters.md does', () => {
  const source = read('lib/stores/access-store.ts')
  const [, members = ''] = /^export interface AccessStore \{$(.*?)^\}$/ms.exec(source) ?? []
  const labelled = [
    ...members.matchAll(/\*\*(\w+)\.\*\*(?:(?!\*\/).)*\*\/\n {2}(?:readonly )?(\w+)/gs),
  ]
  const names = [...members.matchAll(/^ {2}(?:readonly )?(\w+)\??[(:]/gm)].map(([, name]) => name)
  const rows = [
    ...read('docs/adapters.md').matchAll(/^\| (`.+`) \| (Required|Recommended|Optional) \|/gm),
  ]
  const documented = rows.flatMap(([, cell = '', label]) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => `${name}: ${label}`),
  )
  expect(labelled.map(([, , name]) => name)).toEqual(names)
  expect(labelled.map(([, label, name]) => `${name}: ${label}`).sort()).toEqual(documented.sort())
})

it('has a README that tells of every guide', () => {
  expect(guides.filter((file) => !readme.includes(file))).toEqual([])
})

function read(file: string): string {
  return fs.readFileSync(path.join(root, file), 'utf8')
}

function filesIn(folder: string, pattern: RegExp): string[] {
  return fs
    .readdirSync(path.join(root, folder))
    .filter((name) => pattern.test(name))
    .map((name) => `${folder}/${name}`)
}

/** What the compiler finds wrong. */
function compile(folder: string): string {
  const tsc = path.join(root, 'node_modules/.bin/tsc')
  try {
    return execFileSync(tsc, ['--noEmit', '-p', folder], { encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}
