import fs from 'node:fs'
import path from 'node:path'
import { commands } from '../../command/commands.js'

const root = path.join(__dirname, '../..')
const known: readonly string[] = commands['serve']?.variables ?? []

function read(file: string): string {
  return fs.readFileSync(path.join(root, file), 'utf8')
}

function found(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, name = '']) => name)
}

describe('examples/deploy', () => {
  const compose = read('examples/deploy/compose.yaml')
  const ofScim = compose.slice(compose.indexOf('\n  scim:'), compose.indexOf('\nvolumes:'))
  const kubernetes = read('examples/deploy/kubernetes.yaml')
  const unit = read('examples/deploy/label-studio-scim.service')

  it.each([
    ['compose.yaml', found(ofScim, /^ {6}([A-Z_]+):/gm)],
    ['kubernetes.yaml', found(kubernetes, /\{ name: ([A-Z_]+),/g)],
    ['kubernetes.yaml, the Secret', found(kubernetes.slice(0, 600), /\b([A-Z]+_[A-Z_]+)\b/g)],
    ['the systemd unit', found(unit, /\b([A-Z]+_URL)=/g)],
  ])('sets only variables that serve reads in %s', (_file, names) => {
    expect(names.length).toBeGreaterThan(0)
    expect(names.filter((name) => !known.includes(name))).toEqual([])
  })

  it('has every variable of the compose file in example.env', () => {
    const asked = found(compose, /\$\{([A-Z_]+):/g)
    expect(new Set(found(read('examples/deploy/example.env'), /^([A-Z_]+)=/gm))).toEqual(
      new Set(asked),
    )
  })

  it('gives the build in the Dockerfile everything that it reads', () => {
    const given = found(read('examples/deploy/Dockerfile.dockerignore'), /^!(.+)$/gm)
    const inputs = /const libraryInputs = \[([^\]]+)\]/.exec(read('scripts/build.js'))?.[1] ?? ''
    const needed = found(inputs, /'([^']+)'/g)
    const isGiven = (name: string) =>
      given.some(
        (pattern) => pattern === name || (/^tsconfig/.test(name) && /^tsconfig/.test(pattern)),
      )
    expect(needed.length).toBeGreaterThan(3)
    expect(needed.filter((name) => !isGiven(name))).toEqual([])
  })
})
