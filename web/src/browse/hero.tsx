import { pathTo } from "../router/route";
import { ButtonLink } from "../ui/button";
import { Artwork } from "./artwork";
import { Facts } from "./facts";
import type { HomeTitle } from "./rows";
import "./hero.css";

/** The title on the big screen. */
export function Hero({ title }: { readonly title: HomeTitle }) {
  const started = (title.resumePositionSeconds ?? 0) > 0;
  return (
    <section className="hero" aria-labelledby="hero-name">
      <div className="hero-picture">
        <Artwork name="" url={(title.backdrop ?? title.poster)?.url} eager />
      </div>
      <div className="hero-words">
        <h1 id="hero-name" className="hero-name">
          {title.name}
        </h1>
        <Facts title={title} />
        <p className="hero-synopsis">{title.synopsis}</p>
        <div className="hero-actions">
          <ButtonLink to={pathTo.watch(title.id)} look="bulb" icon="play">
            {started ? "Resume" : "Play"}
          </ButtonLink>
          <ButtonLink to={pathTo.title(title.id)} icon="info">
            More about it
          </ButtonLink>
        </div>
      </div>
    </section>
  );
}
