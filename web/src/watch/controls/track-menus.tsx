import { useState } from "react";
import type { Engine } from "../engine";
import { RATES } from "../perform";
import { readPreferences } from "../preferences";
import type { PlayerSnapshot } from "../snapshot";
import type { Choice } from "../tracks";
import { Menu } from "./menu";

interface TrackMenusProps {
  readonly engine: Engine;
  readonly player: PlayerSnapshot;
  readonly onOpen: (open: boolean) => void;
}

/** What to hear, what to read, how sharp and how fast. */
export function TrackMenus({ engine, player, onOpen }: TrackMenusProps) {
  return (
    <>
      <Menu icon="voice" label="Audio" choices={player.audio} onChoose={(id) => engine.chooseAudio(id)} onOpen={onOpen} />
      <Menu
        icon="captions"
        label="Subtitles"
        choices={player.subtitles}
        onChoose={(id) => engine.chooseSubtitles(id)}
        onOpen={onOpen}
      >
        <CaptionSize onChange={(scale) => engine.setCaptionScale(scale)} />
      </Menu>
      <Menu
        icon="quality"
        label="Quality"
        choices={player.qualities}
        onChoose={(id) => engine.chooseQuality(id)}
        onOpen={onOpen}
      />
      <Menu
        icon="speed"
        label="Speed"
        choices={rateChoices(player.rate)}
        onChoose={(id) => engine.setRate(Number(id))}
        onOpen={onOpen}
      />
    </>
  );
}

function rateChoices(rate: number): ReadonlyArray<Choice> {
  return RATES.map((one) => ({ id: String(one), label: one === 1 ? "Normal" : `${one} ×`, chosen: one === rate }));
}

const SIZES = [
  { label: "Small", scale: 0.8 },
  { label: "Medium", scale: 1 },
  { label: "Large", scale: 1.4 },
] as const;

function CaptionSize({ onChange }: { readonly onChange: (scale: number) => void }) {
  const [scale, setScale] = useState(() => readPreferences().captionScale);
  const choose = (next: number) => {
    setScale(next);
    onChange(next);
  };
  return (
    <div role="group" aria-labelledby="caption-size" className="caption-size">
      <p id="caption-size">Subtitle size</p>
      <div>
        {SIZES.map((size) => (
          <button key={size.label} type="button" aria-pressed={size.scale === scale} onClick={() => choose(size.scale)}>
            {size.label}
          </button>
        ))}
      </div>
    </div>
  );
}
