import { expect, test } from 'vitest'
import { Inbox } from '../../src/support/inbox.ts'

test('gives events in their order, those that came before and those that come', async () => {
  const inbox = new Inbox<number>()
  inbox.push(1)
  inbox.push(2)
  expect(await inbox.next()).toBe(1)
  expect(await inbox.next()).toBe(2)
  const third = inbox.next()
  inbox.push(3)
  inbox.push(4)
  expect(await third).toBe(3)
  expect(await inbox.next()).toBe(4)
})
