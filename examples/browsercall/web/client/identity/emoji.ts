/** Emoji: how people compare a short authentication string. */

/** One picture with its English name, for those who read it aloud. */
export interface Emoji {
  readonly symbol: string;
  readonly name: string;
}

/**
 * The 7 emoji of a string of 6 bytes: its first 42 bits, most significant first, as indices of 6 bits into the table of
 * the Matrix specification (client-server API, "SAS method: emoji").
 */
export function emoji(sas: Uint8Array): Emoji[] {
  if (sas.length !== 6) throw new RangeError('a short authentication string has 6 bytes');
  const bits = sas.reduce((n, b) => n * 256 + b, 0);
  return Array.from({ length: 7 }, (_, i) => table[Math.floor(bits / 2 ** (42 - 6 * i)) % 64]!);
}

const table: readonly Emoji[] = `
  🐶 Dog, 🐱 Cat, 🦁 Lion, 🐎 Horse
  🦄 Unicorn, 🐷 Pig, 🐘 Elephant, 🐰 Rabbit
  🐼 Panda, 🐓 Rooster, 🐧 Penguin, 🐢 Turtle
  🐟 Fish, 🐙 Octopus, 🦋 Butterfly, 🌷 Flower
  🌳 Tree, 🌵 Cactus, 🍄 Mushroom, 🌏 Globe
  🌙 Moon, ☁️ Cloud, 🔥 Fire, 🍌 Banana
  🍎 Apple, 🍓 Strawberry, 🌽 Corn, 🍕 Pizza
  🎂 Cake, ❤️ Heart, 😀 Smiley, 🤖 Robot
  🎩 Hat, 👓 Glasses, 🔧 Spanner, 🎅 Santa
  👍 Thumbs Up, ☂️ Umbrella, ⌛ Hourglass, ⏰ Clock
  🎁 Gift, 💡 Light Bulb, 📕 Book, ✏️ Pencil
  📎 Paperclip, ✂️ Scissors, 🔒 Lock, 🔑 Key
  🔨 Hammer, ☎️ Telephone, 🏁 Flag, 🚂 Train
  🚲 Bicycle, ✈️ Aeroplane, 🚀 Rocket, 🏆 Trophy
  ⚽ Ball, 🎸 Guitar, 🎺 Trumpet, 🔔 Bell
  ⚓ Anchor, 🎧 Headphones, 📁 Folder, 📌 Pin
`
  .trim()
  .split(/,\s*|\n\s*/)
  .map((row) => ({ symbol: row.slice(0, row.indexOf(' ')), name: row.slice(row.indexOf(' ') + 1) }));
