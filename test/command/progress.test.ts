import { progressPrinter } from '../../command/progress.js'

it('prints how far long work is, every five seconds', () => {
  const lines: string[] = []
  const now = jest.spyOn(Date, 'now')
  const tell = progressPrinter('Import of accounts', (line) => lines.push(line))
  const at = (seconds: number, done: number) => {
    now.mockReturnValue(seconds * 1_000)
    tell({ done, total: 100, startedAt: 100_000 })
  }
  at(101, 1)
  at(110, 10)
  at(112, 12)
  at(120, 20)
  now.mockRestore()
  expect(lines).toEqual([
    'Import of accounts: 10 of 100, about 2 minutes left',
    'Import of accounts: 20 of 100, about 80 seconds left',
  ])
})
