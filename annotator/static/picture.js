// How a picture is fetched and decoded: small ones whole, large ones in tiles.

const AT_ONCE = 4; // requests for tiles at a time, so that submissions get through

/** Fetch and decode an image; resolves to the element, rejects where it cannot be shown. */
async function decoded(url) {
  const image = new Image();
  image.decoding = "sync";
  image.alt = ""; // the stage around it has the name
  image.src = url;
  await image.decode();
  return image;
}

/** A picture on its way to the library: its source, with what is needed first in memory. */
export class Picture {
  /** `picture` as the server names it: image_url, width, height and, where it is large, tiles. */
  constructor(picture) {
    Object.assign(this, { width: picture.width, height: picture.height, tiles: picture.tiles });
    this.url = picture.image_url;
    this.there = new Map(); // url -> decoded element
  }

  get isLarge() {
    return Boolean(this.tiles);
  }

  /** Fetch what is seen when the picture fits at `scale` (screen pixels per image pixel). */
  async fetch(scale) {
    if (!this.isLarge) {
      const image = await this.get(this.url);
      this.width = image.naturalWidth;
      this.height = image.naturalHeight;
      return;
    }
    const [lowest, top] = this.tiles.levels;
    await this.get(this.tileUrl(lowest, 0, 0)); // the server may still be cutting: all others wait
    const level = Math.min(top, Math.max(lowest, top - Math.floor(Math.log2(1 / scale))));
    const half = 2 ** (top - level);
    const across = Math.ceil(Math.ceil(this.width / half) / this.tiles.size);
    const down = Math.ceil(Math.ceil(this.height / half) / this.tiles.size);
    const urls = Array.from({ length: across * down },
      (_, n) => this.tileUrl(level, n % across, Math.floor(n / across)));
    const next = async () => {
      while (urls.length) await this.get(urls.shift());
    };
    await Promise.all(Array.from({ length: AT_ONCE }, next));
  }

  async get(url) {
    if (!this.there.has(url)) this.there.set(url, await decoded(url));
    return this.there.get(url);
  }

  tileUrl(level, x, y) {
    return `${this.tiles.url}/${level}/${x}/${y}`;
  }

  /** The library's source: what is in memory is taken from there. */
  source(osd) {
    const { width, height } = this;
    const top = Math.ceil(Math.log2(Math.max(width, height)));
    // The library draws tiles without overlap a pixel too large; a single tile shares nothing.
    const shape = this.isLarge
      ? { tileWidth: this.tiles.size, tileHeight: this.tiles.size, tileOverlap: this.tiles.overlap,
          minLevel: this.tiles.levels[0], maxLevel: this.tiles.levels[1] }
      : { tileWidth: width, tileHeight: height, tileOverlap: 1, minLevel: top, maxLevel: top };
    const source = new osd.TileSource({ width, height, ready: true, ...shape });
    if (!this.isLarge) source.getNumTiles = () => new osd.Point(1, 1);
    source.getTileUrl = this.isLarge ? (...place) => this.tileUrl(...place) : () => this.url;
    source.getTileHashKey = (level, x, y) => source.getTileUrl(level, x, y);
    source.hasTransparency = () => true;
    source.downloadTileStart = (job) => {
      const there = this.there.get(job.src);
      (there ? Promise.resolve(there) : decoded(job.src)).then(
        (found) => job.finish(found, null, "image"), (error) => job.fail(error.message, null));
    };
    source.downloadTileAbort = () => {};
    return source;
  }
}
