"""What an agent says back that the customer plainly did not say, and the paraphrases that are none."""

import pytest
from amends_core.conversation import Turn
from amends_core.judgement.contradiction import Told, contradiction
from amends_core.taxonomy import Misstep, Role, Step
from core_builders import SORRY, World, agent

WASHER = "My washing machine has leaked all over the floor since Tuesday."
DAUGHTER = "Your driver left my daughter at the roadside."
REFUSES = "I don't want a voucher, I want it mended."

CONTRADICTIONS = [
    (WASHER, "So your broadband has been down all week."),
    (WASHER, "I am sorry about the trouble with your new sofa."),
    (WASHER, "I will have somebody look at your boiler today."),
    ("The sofa came with a broken leg.", "It must be hard to be without your internet."),
    ("Our flight was cancelled twice.", "I'm sorry that your washing machine let you down."),
    ("This dress came with a hole in it.", "You have been waiting weeks for your fridge."),
    ("My boiler has been dead for a week.", "I understand that your glasses came back scratched."),
    ("The fridge died with all our food in it.", "I'm so sorry about your flight."),
    (DAUGHTER, "So your son was left standing there."),
    (DAUGHTER, "Your little boy must have been scared."),
    ("You sent the bill to my wife.", "I am sorry that we wrote to your husband."),
    ("My husband was in tears.", "That must have been hard on your wife."),
    ("My mum has waited since nine.", "Your dad has waited far too long."),
    ("My late father's watch was lost.", "I am sorry about your mother and her watch."),
    ("You shouted at my brother.", "Nobody should have shouted at your sister."),
    ("My gran cannot climb the stairs.", "I'm sorry that your grandad had to climb them."),
    (REFUSES, "So you'd like a voucher for it."),
    ("I did not ask for a refund! Send me the right one.", "You are asking for a refund."),
    ("We do not need another engineer.", "I see that you want an engineer to come."),
    (WASHER, "It has leaked on you since Thursday."),
    ("Nothing works since Monday.", "You have waited since last Friday."),
    ("They were all dead.", "So you lost 2% of them."),
    ("Every single one was smashed.", "I hear that some of your plates were broken."),
]
PARAPHRASES = [
    (WASHER, "So your washer has flooded your kitchen floor."),
    (WASHER, "You have been without your machine since Tuesday."),
    (WASHER, "Is your broadband down as well?"),
    (WASHER, "I know this isn't about your broadband."),
    (WASHER, "Your home has been wet for days."),
    (WASHER, "The internet says the pump is at fault."),
    ("My washing machine and my router both died.", "So your router has died."),
    ("It has been down since Tuesday and I work from home.", "You have been without your broadband since Tuesday."),
    ("The smart TV and the app do not connect.", "So your broadband keeps dropping."),
    ("My sofa never came, and I stayed off work.", "Your couch is still not there."),
    ("I was carried off the plane.", "A loan chair will be at your hotel by two."),
    ("My oven will not heat.", "You cannot cook on your cooker."),
    (DAUGHTER, "So your girl was left on her own there."),
    (DAUGHTER, "So your child was left on her own there."),
    ("Your driver left my kids at the roadside.", "Your son and daughter must have been scared."),
    ("My daughter and her brother had to wait.", "Your son should never have had to wait."),
    ("My wife and I booked for two.", "You and your wife booked for two."),
    ("She is my wife's sister.", "Your sister in law should have been told."),
    ("You sent it to my parents.", "I am sorry that your mother had to see it."),
    ("My mum has waited since nine, she and my dad.", "Your dad has waited far too long."),
    (REFUSES, "You don't want a voucher, you want it mended."),
    (REFUSES, "Would you like a voucher instead?"),
    (REFUSES, "If you'd like a voucher, it is yours."),
    ("I don't want a voucher, I want a refund.", "So you want a refund."),
    ("I don't want a refund. Fine, give me the refund.", "You'd like the refund."),
    (WASHER, "You have waited since the start of the week."),
    ("It stopped on Monday, and since Tuesday it leaks.", "You have had trouble since Monday."),
    ("Nothing since Monday, then since Friday worse.", "You have had nothing since Sunday."),
    ("They were all late.", "So you waited for all of them."),
    ("Some came broken, not all of them.", "So you lost a few of them."),
    ("I called every one of your branches.", "You called half of our team, I see."),
]


@pytest.mark.parametrize(("message", "reply"), CONTRADICTIONS)
def test_something_else_than_the_customer_said_is_misheard(world: World, message: str, reply: str) -> None:
    judgement = world.judge([Turn(Role.CUSTOMER, message)], f"{SORRY} {reply}", says={reply: agent(Step.REFLECT)})
    (found,) = [finding for finding in judgement.missteps if finding.misstep is Misstep.MISHEARD]
    assert [place.span.of(f"{SORRY} {reply}") for place in found.places] == [reply]


@pytest.mark.parametrize(("message", "reply"), PARAPHRASES)
def test_paraphrase_question_or_denial_contradicts_nothing(world: World, message: str, reply: str) -> None:
    judgement = world.judge([Turn(Role.CUSTOMER, message)], reply, says={reply: agent(Step.REFLECT)})
    assert Misstep.MISHEARD not in {finding.misstep for finding in judgement.missteps}


def test_contradiction_in_idle_talk_is_nobodys_restatement(world: World) -> None:
    reply = "Your broadband is a fine thing to have."
    assert world.judge([Turn(Role.CUSTOMER, WASHER)], reply).missteps == ()


def test_what_an_agent_brought_up_before_is_no_contradiction() -> None:
    reply = "So your router is by the door."
    assert contradiction(reply, Told((WASHER,), ()))
    assert not contradiction(reply, Told((WASHER,), ("I see a router on the account, too.",)))


def test_reason_says_what_was_misheard_and_not_the_words() -> None:
    assert contradiction("So your son was left there.", Told((DAUGHTER,), ())) == (
        "It speaks of another person than the customer did."
    )
