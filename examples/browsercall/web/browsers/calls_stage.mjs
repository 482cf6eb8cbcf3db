import { after, before } from 'node:test';
import { Harness } from './harness.mjs';
import { Person } from './calls_person.mjs';
import { Program } from './calls_bot.mjs';
import { GoProgram } from './compare_go.mjs';
import { until } from './ends.mjs';

/** Browsers and the Go program, for the tests of one file. */
export class Stage {
  #harness;
  #program;
  #others = [];

  /**
   * @param {Record<string, string>} scripts See serve: of a page that is not the program's.
   * @param {string[]} within See Program.build.
   */
  constructor(scripts = {}, within = []) {
    before(async () => {
      [this.#harness, this.#program] = await Promise.all([Harness.start(scripts), Program.build(within)]);
    });
    after(async () => {
      try {
        await this.#harness?.stop();
      } finally {
        await this.#program?.stop();
      }
    });
  }

  /** A test's function: keeps pictures and what was told if it fails, and ends what the test started. */
  run(title, f) {
    return () => this.#harness.run(title, f, this);
  }

  /** What the programs have told, for whoever reads why a test failed. */
  log() {
    return [...this.#program.log(), ...this.#others.map((p) => p.log())];
  }

  /** Ends the programs that a test started. */
  async quiet() {
    await Promise.all([this.#program.quiet(), ...this.#others.splice(0).map((p) => p.stop())]);
  }

  /**
   * A Go program that does in a call what it is told (internal/sealed), at the relay of a bot; and the link by which a
   * page of that bot becomes its contact.
   */
  async other(bot, ...args) {
    const relay = new URL('/v1', bot.page.replace('http', 'ws')).href;
    const go = await GoProgram.start('sealed', ['-relay', relay, ...args]);
    this.#others.push(go);
    go.say({ do: 'invite' });
    const { uri } = await go.want('invitation', (e) => e.event === 'invitation');
    return { go, link: `${bot.page}?name=Marchbanks#${uri.replace('#', '%23')}` };
  }

  bot(...args) {
    return this.#program.bot(...args);
  }

  recordings() {
    return this.#program.recordings();
  }

  /** Somebody at the page of the scripts, without a link. */
  guest(browser) {
    return Person.open(this.#harness, browser, undefined);
  }

  /** A further window of somebody's browser, at the same page. */
  window(person, browser, link) {
    return person.window(this.#harness, browser, link);
  }

  /**
   * Two people at the page of a program, of whom one has used the other's invitation. Their queries are without the
   * question mark.
   *
   * @returns {Promise<Person[]>} in the order of the browsers
   */
  async couple(bot, [first, query], [second, theirs]) {
    const host = await this.person(first, `${bot.page}?name=Quillfeather&${query}`);
    await host.view('nobody');
    const guest = await this.person(second, (await host.invites()).replace('/#', `/?name=Marchbanks&${theirs}#`));
    for (const p of [guest, host]) {
      await until('they are connected', async () => (await p.data('#contact', 'contact')) === 'confirmed');
    }
    return [host, guest];
  }

  /** Another Go program, that rings whoever made an invitation; gives what it prints at the end. */
  ringer(link) {
    return this.#program.ringer(link);
  }

  /** Somebody who opens a link. */
  person(browser, link, ...init) {
    return Person.open(this.#harness, browser, link, ...init);
  }
}
